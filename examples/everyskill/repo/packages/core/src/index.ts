export * from './embedding';
export * from './session';
export * from './skill';
export * from './storage';
