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
const { build, isStale } = await import('../scripts/build.js');
if (isStale()) build();
await import('../dist/cli.js');
