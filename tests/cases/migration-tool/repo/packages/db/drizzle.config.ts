export default { out: './drizzle', dialect: 'postgresql', dbCredentials: { url: process.env.POSTGRES_URL } };
