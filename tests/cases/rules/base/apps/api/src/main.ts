import express from "express";


const secret = process.env.JWT_SECRET;
if (!secret) throw new Error("JWT_SECRET is missing");

const app = express();
app.get("/api/health", (_request, response) => {
  response.json({ status: "ok" });
});
app.listen(Number(process.env.PORT ?? 4000));
