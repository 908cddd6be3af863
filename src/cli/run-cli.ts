import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config-error.js';
import { type ConfigSources, type InForce, readConfig } from '../config/read-config.js';
import { CONFIG_KEYS, environmentName, flagName } from '../config/server.config.js';
import { nearest } from '../shared/nearest.js';
import { type CliCommand, type CliOption, type CliServices, UsageError } from './command.js';
import { configCheck } from './config-check.js';
import { ExitCode } from './exit-code.js';
import { Output } from './output.js';
import { projectionsList } from './projections-list.js';
import { projectionsRebuild } from './projections-rebuild.js';
import { serveCommand } from './serve.js';

const COMMANDS: readonly CliCommand[] = [
  serveCommand,
  configCheck,
  projectionsList,
  projectionsRebuild,
];

export interface CliSurroundings extends Pick<CliServices, 'serve' | 'withRebuilder'> {
  readonly environment: ConfigSources['environment'];
  stdout(text: string): void;
  stderr(text: string): void;
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
  if (args.length === 0 || args[0] === '--help' || args[0] === 'help') {
    around.stdout(overview());
    return args.length === 0 ? ExitCode.usage : ExitCode.ok;
  }
  const command = find(args);
  const values = optionsOf(command, args.slice(command.name.split(' ').length));
  if (values['help'] === true) {
    around.stdout(helpOf(command));
    return ExitCode.ok;
  }
  const inForce = configOf(values, around);
  for (const warning of inForce.warnings) around.stderr(`moraine: ${warning}\n`);
  const out = new Output((text) => around.stdout(text), values['json'] === true);
  const { serve, withRebuilder } = around;
  const code = await command.run(values, { out, inForce, serve, withRebuilder });
  out.end();
  return code;
}

function find(args: readonly string[]): CliCommand {
  const end = args.findIndex((arg) => arg.startsWith('-'));
  const words = args.slice(0, end < 0 ? args.length : end).join(' ');
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
    { type: 'string', help: `as ${environmentName(key)}` } as const,
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

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'moraine <command> [options]',
    '',
    ...lines,
    '',
    'moraine <command> --help lists its options.',
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
