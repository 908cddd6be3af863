#!/usr/bin/env node
// The one way in: checks the runtime, builds when the sources are newer, then hands over.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(
    `moraine needs Node 22.13 or newer, and this is ${process.version}. ` +
      'In a checkout, `npm start` and `npx moraine` bring their own: run `npm ci` first.',
  );
  process.exit(2);
}
const { buildIfStale, BuildFailed } = await import('../scripts/build.js');
try {
  buildIfStale();
} catch (error) {
  if (!(error instanceof BuildFailed)) throw error;
  console.error(`moraine: ${error.message}`);
  process.exit(1);
}
await import('../dist/cli.js');
