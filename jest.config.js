// ESM by `--experimental-vm-modules` (scripts/test.js passes it); swc turns one file at a time.
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/data'],
};

export default {
  // In one process alone everything waits for everything, and what one file leaves slows the next.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '1500MB',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/{src,test}/**/*.spec.ts'],
      testPathIgnorePatterns: ['\\.int\\.spec\\.ts$', '\\.e2e\\.spec\\.ts$', '/fixtures/'],
    },
    {
      ...common,
      displayName: 'int',
      testMatch: ['<rootDir>/{src,test}/**/*.int.spec.ts'],
      testPathIgnorePatterns: ['/fixtures/'],
    },
    {
      ...common,
      displayName: 'e2e',
      testMatch: ['<rootDir>/{src,test}/**/*.e2e.spec.ts'],
      testPathIgnorePatterns: ['/fixtures/'],
    },
  ],
};
