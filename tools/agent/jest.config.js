import preset from '../presets/jest.js';

export default { ...preset, testMatch: ['<rootDir>/test/**/*.test.mjs'] };
