export { fromBase64, toBase64 } from './base64.js';
export { decrypt, encrypt } from './content.js';
export { exportKey, generateKey, importKey } from './key.js';
