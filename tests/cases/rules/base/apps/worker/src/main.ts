import { Worker } from "bullmq";

const url = process.env.REDIS_URL;
if (!url) throw new Error("REDIS_URL is missing");

new Worker("orders", async () => {}, { connection: { url } });
