console.log("only for developers");
