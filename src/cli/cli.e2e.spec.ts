import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ABOUT_EXIT_CODES, ExitCode } from './exit-code.js';

// The first one to start may have to build.
jest.setTimeout(180_000);

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moraine-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With no terminal anywhere, and nothing in the environment but what is given. */
function moraine(line: string, environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['bin/moraine.js', ...line.split(' ').filter(Boolean)],
    {
      env: { PATH: process.env['PATH'], MORAINE_DATA: join(folder, 'data'), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    },
  );
  return { code: status, stdout, stderr };
}

const rowsIn = (stdout: string): unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('the program on the command line', () => {
  it('prints its version and nothing else', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { code, stdout, stderr } = moraine('version --json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(rowsIn(stdout)).toEqual([
      { moraine: version, api: '1.84.0', node: process.versions.node },
    ]);
  });

  it('checks a configuration from file, environment and flags, and shows no secret', () => {
    const config = join(folder, 'moraine.yaml');
    const secret = join(folder, 'secret');
    writeFileSync(config, 'logLevel: warn\nrequestsMax: 7\n');
    writeFileSync(secret, 'a secret of some length\n');
    const { code, stdout, stderr } = moraine(`config check --json --requests-max 9`, {
      MORAINE_CONFIG: config,
      MORAINE_SECRET_KEY_FILE: secret,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('a secret of');
    const rows = rowsIn(stdout);
    expect(rows).toContainEqual({ key: 'logLevel', value: 'warn', origin: config });
    expect(rows).toContainEqual({ key: 'requestsMax', value: 9, origin: 'flag' });
    const origin = 'MORAINE_SECRET_KEY_FILE';
    expect(rows).toContainEqual({ key: 'secretKey', value: '********', origin });
  });

  it.each([
    ['srve', {}, 'moraine: there is no command srve; did you mean serve?'],
    ['serve --lissten x', {}, "Unknown option '--lissten'; did you mean --listen?"],
    ['config check', { MORAINE_LISTN: 'x' }, 'there is no MORAINE_LISTN; did you mean'],
    ['config check', { MORAINE_LOG_LEVEL: 'loud' }, 'logLevel must be one of'],
    ['projections list --event-log memory', {}, 'eventLog memory keeps nothing'],
  ])('refuses %j in one line on stderr, by code 2', (line, environment, said) => {
    const { code, stdout, stderr } = moraine(line, environment as Record<string, string>);
    expect({ code, stdout }).toEqual({ code: ExitCode.usage, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says that it cannot reach a database without its password', () => {
    const url = 'postgres://me:hush-hush-hush@127.0.0.1:1/none?sslpassword=hush-hush-hush';
    const { code, stdout, stderr } = moraine('serve --log-level trace', {
      MORAINE_DATABASE_URL: url,
    });
    expect({ code, stdout }).toEqual({ code: ExitCode.failed, stdout: '' });
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).not.toContain('hush');
  });

  it('lists, verifies and rebuilds views with no server about', () => {
    const missing = moraine('projections status --json');
    expect(missing.code).toBe(ExitCode.differs);
    expect(rowsIn(missing.stdout)).toContainEqual({
      projection: 'branches',
      state: 'missing',
      isBuilding: false,
    });
    const rebuilt = moraine('projections rebuild --json');
    expect(rebuilt).toMatchObject({ code: ExitCode.ok, stderr: '' });
    expect(moraine('projections status')).toMatchObject({ code: ExitCode.ok, stderr: '' });
    const verified = moraine('projections verify --projection branches --json');
    expect(verified.code).toBe(ExitCode.ok);
    expect(rowsIn(verified.stdout)).toEqual([
      { projection: 'branches', events: 0, writes: 0, differing: 0 },
    ]);
    const unknown = moraine('projections rebuild --projection branchs');
    expect(unknown).toMatchObject({ code: ExitCode.failed, stdout: '' });
    expect(unknown.stderr).toContain("no projection is called 'branchs'");
  });

  it('ends with the codes that its page lists', () => {
    const page = readFileSync('docs/cli.md', 'utf8');
    const listed = [...page.matchAll(/^\| (\d) +\| (.+?) +\|$/gm)].map(([, code, about]) => [
      Number(code),
      about,
    ]);
    const names = Object.keys(ExitCode) as (keyof typeof ExitCode)[];
    expect(listed).toEqual(names.map((name) => [ExitCode[name], ABOUT_EXIT_CODES[name]]));
  });
});
