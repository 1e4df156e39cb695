import { writeFileSync } from 'node:fs';

writeFileSync(new URL('./src/generated.ts', import.meta.url), 'export const precision = 5;\n');
