export default { projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/tools/*/jest.config.js', '<rootDir>/examples/*/jest.config.js'] };
