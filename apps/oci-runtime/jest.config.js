export { default } from '../../tools/presets/jest.js';
