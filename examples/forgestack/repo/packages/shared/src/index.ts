export * from './health';
export * from './jobs';
