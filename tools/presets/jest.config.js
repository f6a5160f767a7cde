export { default } from './jest.js';
