if (process.env.VERSION === "crashing") {
  console.log("worker says: I cannot begin");
  process.exit(1);
}
if (process.env.VERSION === "falling") {
  setTimeout(() => {
    console.log("worker says: I fall");
    process.exit(1);
  }, 2500);
}
setInterval(() => {}, 1000);
process.on("SIGTERM", () => process.exit(0));
