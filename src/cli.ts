import { giveMemoryBack } from './app/give-memory-back.js';
import { judgeError } from './app/judge-error.js';
import { VERSIONS } from './app/versions.js';
import { runCli } from './cli/run-cli.js';

// Whoever read the first lines and went away does not stop the server.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const stdout = (text: string): void => void process.stdout.write(text);
const code = await runCli(process.argv.slice(2), {
  environment: process.env,
  stdout,
  stderr: (text) => void process.stderr.write(text),
  judge: judgeError,
  versions: VERSIONS,
  // What a command does not need is not loaded: most of them answer at once.
  async serve(config) {
    giveMemoryBack(process);
    const [{ serve }, { openApp }] = await Promise.all([
      import('./main.js'),
      import('./app/open-app.js'),
    ]);
    return serve(config, { openApp, stdout });
  },
  async serveLog(config) {
    giveMemoryBack(process);
    const [{ serve }, { openPlainLog }] = await Promise.all([
      import('./main.js'),
      import('./app/plain-log.js'),
    ]);
    return serve(config, { openApp: openPlainLog, stdout });
  },
  withRebuilder: async (config, work) =>
    (await import('./app/with-rebuilder.js')).withRebuilder(config, work),
  withAudit: async (config, work) => (await import('./app/with-audit.js')).withAudit(config, work),
  withStreams: async (config, work) =>
    (await import('./app/with-streams.js')).withStreams(config, work),
  waitForRound: async () => (await import('./app/wait-for-round.js')).waitForRound(),
  isTerminal: process.stderr.isTTY === true,
});
// Not by exitCode: a socket that somebody holds open would keep the process alive.
process.stdout.write('', () => process.exit(code));
