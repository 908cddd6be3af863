import { judgeError } from './app/judge-error.js';
import { openApp } from './app/open-app.js';
import { withRebuilder } from './app/with-rebuilder.js';
import { runCli } from './cli/run-cli.js';
import { serve } from './main.js';

// Whoever read the first lines and went away does not stop the server.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const stdout = (text: string): void => void process.stdout.write(text);
const code = await runCli(process.argv.slice(2), {
  environment: process.env,
  stdout,
  stderr: (text) => void process.stderr.write(text),
  judge: judgeError,
  serve: (config) => serve(config, { openApp, stdout }),
  withRebuilder,
});
// Not by exitCode: a socket that somebody holds open would keep the process alive.
process.stdout.write('', () => process.exit(code));
