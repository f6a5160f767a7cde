export { default } from '../presets/jest.js';
