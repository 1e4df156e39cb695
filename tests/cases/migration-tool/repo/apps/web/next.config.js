/** @type {import('next').NextConfig} */
module.exports = {
  distDir: 'made/next',
  images: { unoptimized: true },
  transpilePackages: ['@tickets/db'],
};
