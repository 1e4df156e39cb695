const timer = setInterval(() => {}, 1000);
console.log('worker is waiting for jobs');
process.on('SIGTERM', () => {
  console.log('finishing');
  clearInterval(timer);
});
