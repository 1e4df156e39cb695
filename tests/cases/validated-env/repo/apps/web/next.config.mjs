/** @type {import('next').NextConfig} */
const config = { basePath: '/app' };

export default config;
