import { describe, expect, it } from '@jest/globals';
import type { ProjectionRebuilder } from './command.js';
import { ExitCode } from './exit-code.js';
import { runCli } from './run-cli.js';

const views: ProjectionRebuilder = {
  list: async () => [{ projection: 'branches', version: 2, storedVersion: 1, isBuilding: false }],
  rebuild: async (projection) => ({
    events: 7,
    writes: 5,
    differing: projection === 'odd' ? 1 : 0,
    rows: projection === 'odd' ? [{ partition: 'odd/p', key: 'k', is: 'missing' as const }] : [],
  }),
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
    withRebuilder: (_, work) => work(views),
  });
  return { code, stdout, stderr, served };
}

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
    expect((await run('')).code).toBe(ExitCode.usage);
    const help = await run('projections rebuild --help');
    expect(help.stdout).toMatch(/--dry-run .*\n/);
    expect(help.stdout).toMatch(/--database-url <value> +as MORAINE_DATABASE_URL/);
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

  it('exits with a code of its own when a compared view differs, and names the rows', async () => {
    const compared = await run('projections rebuild --projection odd --dry-run --json');
    expect(compared.code).toBe(ExitCode.differs);
    expect(compared.stdout).toContain(
      '{"projection":"odd","partition":"odd/p","key":"k","is":"missing"}',
    );
    expect((await run('projections rebuild --projection odd')).code).toBe(ExitCode.ok);
  });
});
