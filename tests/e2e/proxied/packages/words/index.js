exports.version = 'version 1';
