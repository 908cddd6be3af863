import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { Metrics } from '../../src/observability/metrics.js';
import { type WholeApp, wholeApp } from '../api/whole-app.js';

const PAGE = 'docs/metrics.md';
const KEY = { id: 'AKIAMETRICS', secret: 'a secret for metrics' };
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

let app: WholeApp | undefined;
let url: string;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(keys: Record<string, unknown> = {}): Promise<void> {
  app = await wholeApp({
    adminAccessKeyId: KEY.id,
    adminSecretAccessKey: KEY.secret,
    ...keys,
  });
  url = app.url;
}

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${url}/api/v1${path}`, {
    ...init,
    headers: { authorization, 'content-type': 'application/json' },
  });
const post = (path: string, body: unknown) =>
  call(path, { method: 'POST', body: JSON.stringify(body) });
const scrape = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();

/** Returns the value of one series; 0 when it is not there. */
function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function firstDay(name: string): Promise<void> {
  await post('/repositories', { name, storage_namespace: `local://${name}/` });
  const objects = `/repositories/${name}/branches/main/objects`;
  await call(`${objects}?path=a`, { method: 'POST', body: 'hello' });
  await post(`/repositories/${name}/branches/main/commits`, { message: 'm' });
  await post(`/repositories/${name}/branches/main/commits`, { message: 'again' });
  await call(`/repositories/${name}/refs/main/objects?path=a`);
  await call(`/repositories/${name}/refs/main/objects?path=missing`);
}

describe('the figures of a server', () => {
  it('count what was asked, what the log took, and what became of intents', async () => {
    await start();
    await firstDay('lake');
    const text = await scrape();
    const counts = {
      'moraine_http_requests_total{operation="uploadObject",status="201"}': 1,
      'moraine_http_requests_total{operation="commit",status="201"}': 1,
      'moraine_http_requests_total{operation="commit",status="400"}': 1,
      'moraine_http_requests_total{operation="getObject",status="200"}': 1,
      'moraine_http_requests_total{operation="getObject",status="404"}': 1,
      'moraine_http_request_duration_seconds_count{operation="commit"}': 2,
      // The scrape itself.
      moraine_http_requests_in_flight: 1,
      moraine_http_waiting: 0,
      'moraine_events_total{type="ObjectStaged"}': 1,
      'moraine_events_total{type="Committed"}': 1,
      'moraine_intents_requested_total{kind="commit"}': 2,
      'moraine_intents_completed_total{result="Committed"}': 1,
      'moraine_intents_completed_total{result="IntentFailed"}': 1,
      'moraine_intents_failed_total{reason="no_changes"}': 1,
      'moraine_intent_wait_seconds_count{kind="commit"}': 2,
      moraine_intents_waiting: 0,
      'moraine_store_operations_total{store="blocks",operation="put",outcome="done"}': 1,
      'moraine_log_appends_total{outcome="unknown"}': 0,
    };
    const found = Object.keys(counts).map((series) => [series, valueOf(text, series)]);
    expect(Object.fromEntries(found)).toEqual(counts);
    expect(valueOf(text, 'moraine_log_appends_total{outcome="accepted"}')).toBeGreaterThan(4);
    expect(valueOf(text, 'moraine_cache_bytes{cache="metaRanges"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'moraine_http_received_bytes_total')).toBeGreaterThan(500);
  });

  it('are as many however many repositories and paths there are', async () => {
    await start();
    const series = async () =>
      (await scrape())
        .split('\n')
        .filter((line) => line.startsWith('moraine_'))
        .map((line) => line.slice(0, line.lastIndexOf(' ')));
    await firstDay('lake-0');
    await fetch(`${url}/nowhere/0`);
    await fetch(`${url}/nowhere/0`, { method: 'PROPFIND' });
    await scrape();
    const before = await series();
    for (let n = 1; n < 10; n++) {
      await firstDay(`lake-${n}`);
      await fetch(`${url}/nowhere/${n}?q=${n}`);
      await call(`/repositories/lake-${n}/refs/main~${n}/objects?path=${n}`);
    }
    const after = await series();
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
    expect(after.join('\n')).not.toContain('lake-');
  });

  it('stand on an address of their own, or nowhere, when they are to', async () => {
    await start({ metrics: 'off' });
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await app?.close();
    // Free a moment ago; nobody else takes it so soon.
    const { port } = new URL(url);
    await start({ metrics: `127.0.0.1:${port}` });
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    const there = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(there.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await there.text()).toContain('moraine_build_info{');
    expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
  });
});

describe('the board and the alerts', () => {
  const metrics = new Metrics({ moraine: '0', api: '0', node: '0' });
  const expressions = (): readonly [string, string][] => {
    const board = JSON.parse(readFileSync('deploy/grafana/moraine.json', 'utf8')) as Board;
    const rules = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as Rules;
    return [
      ...board.panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr }): [string, string] => [title, expr]),
      ),
      ...rules.groups.flatMap(({ rules: all }) =>
        all.map(({ alert, expr }): [string, string] => [alert, expr]),
      ),
    ];
  };

  it('speak of no figure that there is not', async () => {
    const known = new Set(await metrics.names());
    const unknown = expressions().flatMap(([title, expr]) =>
      namesIn(expr)
        .filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')))
        .map((name) => `${title}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(expressions().length).toBeGreaterThan(30);
  });

  it('show every figure of ours somewhere', async () => {
    const shown = new Set(expressions().flatMap(([, expr]) => namesIn(expr)));
    const ours = (await metrics.names()).filter((name) => name.startsWith('moraine_'));
    const isShown = (name: string) =>
      ['', '_bucket', '_sum', '_count'].some((end) => shown.has(name + end));
    expect(ours.filter((name) => !isShown(name))).toEqual([]);
  });

  it('have a paragraph each on what to do, in the page on operation', () => {
    const page = existsSync('docs/operations.md') ? readFileSync('docs/operations.md', 'utf8') : '';
    const rules = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as Rules;
    const alerts = rules.groups.flatMap(({ rules: all }) => all.map(({ alert }) => alert));
    expect(alerts.filter((alert) => !page.includes(`### ${alert}\n`))).toEqual([]);
  });

  it('are listed with all others on a page: RENEW=metrics renews it', async () => {
    const page = await metricsPage(metrics);
    if (process.env['RENEW'] === 'metrics') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});

interface Board {
  readonly panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
}
interface Rules {
  readonly groups: readonly { rules: readonly { alert: string; expr: string }[] }[];
}

const namesIn = (expr: string): readonly string[] =>
  expr.match(/\b(?:moraine|process|nodejs)_[a-z0-9_]+/g) ?? [];

async function metricsPage(metrics: Metrics): Promise<string> {
  const lines = (await metrics.text()).split('\n');
  const rows = lines
    .filter((line) => line.startsWith('# HELP moraine_'))
    .map((line) => /^# HELP (\S+) (.*)$/.exec(line))
    .map((found) => [`\`${found?.[1]}\``, found?.[2] ?? '']);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[], pad = ' ') =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0, pad)).join(' | ')} |`;
  return [
    '# Metrics',
    '',
    '`GET /metrics`, in the text format of Prometheus. Beside these there are the usual `process_`',
    'and `nodejs_` ones. No label holds a name that a user gave.',
    '[operations.md](operations.md) says what to look at.',
    '',
    line(['name', 'what it says']),
    line(['', ''], '-'),
    ...rows.map((row) => line(row)),
    '',
  ].join('\n');
}
