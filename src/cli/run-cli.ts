import { parseArgs } from 'node:util';
import { ABOUT_KEYS } from '../config/about-keys.js';
import { ConfigError } from '../config/config-error.js';
import { type ConfigSources, type InForce, readConfig } from '../config/read-config.js';
import { CONFIG_KEYS, environmentName, flagName } from '../config/server.config.js';
import { nearest } from '../shared/nearest.js';
import { auditVerify } from './audit-verify.js';
import { type CliCommand, type CliOption, type CliServices, UsageError } from './command.js';
import { configCheck } from './config-check.js';
import { configPage } from './config-page.js';
import { ABOUT_EXIT_CODES, ExitCode } from './exit-code.js';
import { logCommand } from './log.js';
import { Output } from './output.js';
import { Progress } from './progress.js';
import { projectionsList } from './projections-list.js';
import { projectionsRebuild } from './projections-rebuild.js';
import { projectionsStatus } from './projections-status.js';
import { projectionsVerify } from './projections-verify.js';
import { serveCommand } from './serve.js';
import { streamsExport } from './streams-export.js';
import { streamsImport } from './streams-import.js';
import { streamsSeal, streamsUnseal } from './streams-seal.js';
import { streamsVerify } from './streams-verify.js';
import { versionCommand } from './version.js';

const COMMANDS: readonly CliCommand[] = [
  serveCommand,
  logCommand,
  configCheck,
  configPage,
  auditVerify,
  projectionsList,
  projectionsStatus,
  projectionsRebuild,
  projectionsVerify,
  streamsExport,
  streamsImport,
  streamsVerify,
  streamsSeal,
  streamsUnseal,
  versionCommand,
];

export interface CliSurroundings extends Pick<
  CliServices,
  'serve' | 'serveLog' | 'withAudit' | 'withRebuilder' | 'withStreams' | 'waitForRound' | 'versions'
> {
  readonly environment: ConfigSources['environment'];
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether somebody looks at stderr, where a line can be written over. */
  readonly isTerminal: boolean;
  /** Returns what an error that a command threw is, and what to exit with. */
  judge(error: unknown): { readonly message: string; readonly code: ExitCode };
}

/**
 * Runs one command line. Never throws: an error is a line on stderr and an exit code.
 *
 * @param args  without the program's own name
 */
export async function runCli(args: readonly string[], around: CliSurroundings): Promise<ExitCode> {
  try {
    return await runCommand(args, around);
  } catch (error) {
    const { message, code } = judged(error, around);
    for (const line of message.split('\n')) around.stderr(`moraine: ${line}\n`);
    return code;
  }
}

async function runCommand(args: readonly string[], around: CliSurroundings): Promise<ExitCode> {
  if (args.length === 0) {
    around.stderr(overview());
    return ExitCode.usage;
  }
  if (args[0] === 'help' || args.some(isHelp)) {
    around.stdout(helpOn(wordsOf(args).filter((word) => word !== 'help')));
    return ExitCode.ok;
  }
  const command = args[0] === '--version' ? versionCommand : find(wordsOf(args));
  const values = optionsOf(command, args.slice(command.name.split(' ').length));
  const inForce = configOf(values, around);
  for (const warning of inForce.warnings) around.stderr(`moraine: ${warning}\n`);
  const out = new Output((text) => around.stdout(text), values['json'] === true);
  const { serve, serveLog, withAudit, withRebuilder, withStreams } = around;
  const { waitForRound, versions, isTerminal } = around;
  const progress = (what: string) => new Progress(what, around.stderr, isTerminal);
  const stores = { serve, serveLog, withAudit, withRebuilder, withStreams };
  const code = await command.run(values, {
    out,
    inForce,
    progress,
    waitForRound,
    versions,
    ...stores,
  });
  out.end();
  return code;
}

/** What stands before the first option. */
function wordsOf(args: readonly string[]): readonly string[] {
  const end = args.findIndex((arg) => arg.startsWith('-'));
  return args.slice(0, end < 0 ? args.length : end);
}

function find(given: readonly string[]): CliCommand {
  const words = given.join(' ');
  const command = COMMANDS.find(({ name }) => words === name || words.startsWith(`${name} `));
  if (command !== undefined) return command;
  const names = COMMANDS.map(({ name }) => name);
  throw new UsageError(
    `there is no command ${words}; did you mean ${nearest(words, names)}? See moraine --help`,
  );
}

function optionsOf(command: CliCommand, args: readonly string[]) {
  const options = { ...COMMON_OPTIONS, ...command.options };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    const [, name] = /'--?([^'\s=]+)/.exec(String(error)) ?? [];
    const isKnown = name !== undefined && Object.hasOwn(options, name);
    const hint =
      name === undefined || isKnown
        ? ''
        : `; did you mean --${nearest(name, Object.keys(options))}?`;
    // Its first sentence, without the class and the code.
    const reason = String(error)
      .replace(/^[^:]*\]: /, '')
      .split('. ')[0];
    throw new UsageError(`${command.name}: ${reason}${hint}`);
  }
}

function configOf(
  values: Readonly<Record<string, string | boolean | undefined>>,
  { environment }: CliSurroundings,
): InForce {
  const flags = Object.fromEntries(
    [...CONFIG_KEYS, 'config' as const].flatMap((key) => {
      const value = values[key === 'config' ? key : flagName(key)];
      return typeof value === 'string' ? [[key, value]] : [];
    }),
  );
  return readConfig({ flags, environment });
}

function judged(error: unknown, around: CliSurroundings): { message: string; code: ExitCode } {
  if (error instanceof UsageError || error instanceof ConfigError) {
    return { message: error.message, code: ExitCode.usage };
  }
  return around.judge(error);
}

const CONFIG_OPTIONS: Readonly<Record<string, CliOption>> = Object.fromEntries(
  CONFIG_KEYS.map((key) => [
    flagName(key),
    { type: 'string', help: `${ABOUT_KEYS[key]} (${environmentName(key)})` } as const,
  ]),
);

const COMMON_OPTIONS: Readonly<Record<string, CliOption>> = {
  config: {
    type: 'string',
    help: 'a file of keys and values; ./moraine.yaml is read if it is there',
  },
  ...CONFIG_OPTIONS,
  json: { type: 'boolean', help: 'print one JSON object a line' },
  help: { type: 'boolean', help: 'print this' },
};

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

/** Of a command its options; of a group, as `projections`, its commands. */
function helpOn(words: readonly string[]): string {
  if (words.length === 0) return overview();
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${words.join(' ')} `));
  return group.length > 0 ? linesOf(group).join('\n') + '\n' : helpOf(find(words));
}

function linesOf(commands: readonly CliCommand[]): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}

function overview(): string {
  return [
    'moraine <command> [options]',
    '',
    ...linesOf(COMMANDS),
    '',
    'moraine <command> --help lists its options, and of a group, as projections, its commands.',
    '',
    'It ends with',
    ...Object.entries(ExitCode).map(
      ([name, code]) => `  ${code}  ${ABOUT_EXIT_CODES[name as keyof typeof ExitCode]}`,
    ),
    '',
  ].join('\n');
}

function helpOf(command: CliCommand): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const shown = options.map(
    ([name, { type, help }]) => [`--${name}${type === 'string' ? ' <value>' : ''}`, help] as const,
  );
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`);
  return [`moraine ${command.name} [options]`, '', command.summary, '', ...lines, ''].join('\n');
}
