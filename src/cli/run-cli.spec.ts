import { describe, expect, it } from '@jest/globals';
import type { AuditChecker, ProjectionRebuilder, StreamsMover } from './command.js';
import { ExitCode } from './exit-code.js';
import { runCli } from './run-cli.js';

const views: ProjectionRebuilder = {
  list: async () => [{ projection: 'branches', version: 2, storedVersion: 1, isBuilding: false }],
  rebuild: async (projections) =>
    projections.map((projection) => ({
      projection,
      events: 7,
      writes: 5,
      differing: projection === 'odd' ? 1 : 0,
      rows: projection === 'odd' ? [{ partition: 'odd/p', key: 'k', is: 'missing' as const }] : [],
    })),
};

async function run(
  line: string,
  options: { environment?: Record<string, string>; failing?: Error } = {},
) {
  let stdout = '';
  let stderr = '';
  const served: string[] = [];
  const code = await runCli(line.split(' ').filter(Boolean), {
    environment: options.environment ?? {},
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    judge: (error) => ({ message: String(error), code: ExitCode.failed }),
    async serve({ listen }) {
      if (options.failing) throw options.failing;
      served.push(listen);
      return ExitCode.ok;
    },
    async serveLog() {
      served.push('log');
      return ExitCode.ok;
    },
    withRebuilder: (_, work) => work(views),
    withStreams: (_, work) => work(streams),
    withAudit: (_, work) => work({ verify: async () => auditFound }),
    waitForRound: async () => (rounds += 1) < 3,
    isTerminal: false,
    versions: { moraine: '1.2.3', api: '1.84.0', node: '24.0.0' },
  });
  return { code, stdout, stderr, served };
}

/** What was asked of the streams, and what they answer. */
const asked: unknown[] = [];
let rounds = 0;
const auditFound = { events: 500, summaries: 2, faults: [] as AuditFaults };
type AuditFaults = Awaited<ReturnType<AuditChecker['verify']>>['faults'];
const streams: StreamsMover = {
  async export(wish, onProgress) {
    asked.push(wish);
    onProgress({ count: 7, part: 1 });
    return { events: 7, parts: 1, position: 70 };
  },
  async import(wish) {
    asked.push(wish);
    return { written: 5, known: 2 };
  },
  async verify({ folder }) {
    const view = { view: 'tags', rows: 3, sha256: 'ab', is: undefined };
    const difference = folder === 'other' ? 'event 4, tag-a revision 0: data' : undefined;
    return { events: 7, difference, views: difference === undefined ? [view] : [] };
  },
  async seal(note) {
    asked.push(note);
  },
  async unseal() {
    asked.push('unsealed');
  },
};

describe('the command line', () => {
  it('serves with what flags and environment say', async () => {
    expect(await run('serve --listen 127.0.0.1:1')).toMatchObject({
      code: 0,
      served: ['127.0.0.1:1'],
    });
    const environment = { MORAINE_LISTEN: '127.0.0.1:2' };
    expect(await run('serve', { environment })).toMatchObject({ served: ['127.0.0.1:2'] });
  });

  it('shows its commands, and the options of one', async () => {
    const overview = await run('--help');
    expect(overview).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['serve', 'config check', 'projections list', 'projections rebuild']) {
      expect(overview.stdout).toContain(`\n  ${name} `);
    }
    expect(overview.stdout).toContain('\n  3  done, and what was compared is not equal\n');
    expect(await run('')).toEqual({
      code: ExitCode.usage,
      stdout: '',
      stderr: overview.stdout,
      served: [],
    });
    const help = await run('projections rebuild --help');
    expect(help.stdout).toMatch(/--dry-run .*\n/);
    expect(help.stdout).toMatch(/--database-url <value> .*\(MORAINE_DATABASE_URL\)/);
    expect(await run('help projections rebuild')).toEqual(help);
    expect(await run('projections rebuild -h')).toEqual(help);
  });

  it('shows the commands of a group', async () => {
    const { code, stdout } = await run('projections --help');
    expect(code).toBe(ExitCode.ok);
    expect(stdout.match(/^ {2}projections \w+/gm)).toEqual(
      ['list', 'status', 'rebuild', 'verify'].map((word) => `  projections ${word}`),
    );
  });

  it('shows its version', async () => {
    const { stdout } = await run('version --json');
    expect(JSON.parse(stdout)).toEqual({ moraine: '1.2.3', api: '1.84.0', node: '24.0.0' });
    expect((await run('--version')).stdout).toBe((await run('version')).stdout);
  });

  it('says what each command is for when it is asked for help', async () => {
    const overview = (await run('--help')).stdout;
    const commands = [...overview.matchAll(/^ {2}([a-z][a-z ]*?) {2,}(.+)$/gm)];
    expect(commands.length).toBeGreaterThan(7);
    for (const [, name, summary] of commands) {
      const { code, stdout } = await run(`${name} --help`);
      expect({ code, stdout }).toEqual({
        code: ExitCode.ok,
        stdout: expect.stringContaining(`moraine ${name} [options]\n\n${summary}\n`),
      });
    }
  });

  it.each([
    ['srve', 'there is no command srve; did you mean serve? See moraine --help'],
    ['config chek', 'there is no command config chek; did you mean config check?'],
    ['serve --lisen x', "serve: Unknown option '--lisen'; did you mean --listen?"],
    ['serve more', 'serve: '],
    ['serve --listen', 'serve: '],
    ['serve --listen nowhere', 'listen must be host:port'],
  ])('refuses %j in one line', async (line, message) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: ExitCode.usage, stdout: '' });
    expect(stderr).toContain(`moraine: ${message}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says in one line why a command failed, and exits with its code', async () => {
    const { code, stderr } = await run('serve', { failing: new Error('out of luck') });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'moraine: Error: out of luck\n' });
  });

  it('shows what is in force and hides every secret', async () => {
    const environment = {
      MORAINE_SECRET_KEY: 'hush-hush-hush-hush',
      MORAINE_ADMIN_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      MORAINE_ADMIN_SECRET_ACCESS_KEY: 'hush-hush',
      MORAINE_DATABASE_URL: 'postgres://me:hush@host/db?sslpassword=hush',
    };
    for (const json of ['', ' --json']) {
      const { code, stdout } = await run(`config check${json}`, { environment });
      expect(code).toBe(0);
      expect(stdout).not.toContain('hush');
      expect(stdout).toContain('AKIAEXAMPLE');
      expect(stdout).toContain('MORAINE_SECRET_KEY');
    }
    const { stdout } = await run('config check --json --setup api');
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(rows).toContainEqual({ key: 'setup', value: 'api', origin: 'flag' });
  });

  it('lists and rebuilds views', async () => {
    expect((await run('projections list')).stdout).toBe(
      'projection  version  storedVersion  isBuilding\n' +
        'branches    2        1              false\n',
    );
    const rebuilt = await run('projections rebuild --projection branches --json');
    expect(JSON.parse(rebuilt.stdout)).toEqual({
      projection: 'branches',
      events: 7,
      writes: 5,
      differing: 0,
    });
    expect(rebuilt.code).toBe(ExitCode.ok);
  });

  it('rebuilds every view when none is named', async () => {
    const { stdout, code } = await run('projections rebuild --json');
    expect([JSON.parse(stdout), code]).toMatchObject([{ projection: 'branches' }, ExitCode.ok]);
  });

  it('says that a view is not of this version, by its code too', async () => {
    const { code, stdout } = await run('projections status --json');
    expect(code).toBe(ExitCode.differs);
    expect(JSON.parse(stdout)).toEqual({
      projection: 'branches',
      state: 'outdated',
      isBuilding: false,
    });
  });

  it('compares without a swap when it verifies', async () => {
    expect((await run('projections verify')).code).toBe(ExitCode.ok);
    const { code, stdout } = await run('projections verify --projection odd --json');
    expect(code).toBe(ExitCode.differs);
    expect(stdout).toContain('"is":"missing"');
  });

  it('exits with a code of its own when a compared view differs, and names the rows', async () => {
    const compared = await run('projections rebuild --projection odd --dry-run --json');
    expect(compared.code).toBe(ExitCode.differs);
    expect(compared.stdout).toContain(
      '{"projection":"odd","partition":"odd/p","key":"k","is":"missing"}',
    );
    expect((await run('projections rebuild --projection odd')).code).toBe(ExitCode.ok);
  });

  it('hands what is asked for to who moves streams, and says on stderr how far it is', async () => {
    asked.length = 0;
    const exported = await run('streams export --to d --repository r --after 5 --json');
    expect(exported).toMatchObject({ code: 0 });
    expect(JSON.parse(exported.stdout)).toEqual({ events: 7, parts: 1, position: 70 });
    expect(exported.stderr).toContain('7 events exported');
    expect(await run('streams import --from d --as s')).toMatchObject({ code: 0 });
    expect(asked).toEqual([
      { folder: 'd', scope: { kind: 'repository', name: 'r' }, after: 5 },
      { folder: 'd', as: 's' },
    ]);
  });

  it('exports again and again while it follows', async () => {
    [asked.length, rounds] = [0, 0];
    expect(await run('streams export --to d --follow')).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(3);
  });

  it('says by its code whether streams differ', async () => {
    expect(await run('streams verify --against d')).toMatchObject({ code: ExitCode.ok });
    const other = await run('streams verify --against other');
    expect(other).toMatchObject({ code: ExitCode.differs });
    expect(other.stdout).toContain('event 4, tag-a revision 0: data');
  });

  it('says by its code whether the index of the audit differs, and where', async () => {
    expect(await run('audit verify')).toMatchObject({ code: ExitCode.ok });
    auditFound.faults = [{ partition: 'plain/audit-1/leaves', key: '3', is: 'other' }];
    const other = await run('audit verify --json');
    expect(other.code).toBe(ExitCode.differs);
    expect(other.stdout).toContain('{"partition":"plain/audit-1/leaves","key":"3","is":"other"}');
    expect((await run('audit verify --repair')).code).toBe(ExitCode.ok);
  });

  it('seals with a note, and not without', async () => {
    asked.length = 0;
    expect(await run('streams seal')).toMatchObject({ code: ExitCode.usage });
    expect(await run('streams seal --note=moved')).toMatchObject({ code: ExitCode.ok });
    expect(await run('streams unseal')).toMatchObject({ code: ExitCode.ok });
    expect(asked).toEqual(['moved', 'unsealed']);
  });

  it.each(['streams export', 'streams import', 'streams export --to d --after x'])(
    'refuses %s',
    async (line) => {
      expect(await run(line)).toMatchObject({ code: ExitCode.usage });
    },
  );
});
