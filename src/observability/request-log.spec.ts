import { describe, expect, it } from '@jest/globals';
import type { EndedRequest } from './ended-request.js';
import { newLogger } from './logger.js';
import { RequestLog } from './request-log.js';

const ended: EndedRequest = {
  requestId: '8a1f9cb2-2f0c-4f6b-a0c1-7c0f0c7f2b11',
  traceId: undefined,
  method: 'POST',
  operation: 'stageObject',
  route: '/api/v1/repositories/:repository/branches/:branch/staging/backing',
  status: 201,
  tookMs: 1.23456,
  bytesIn: 300,
  bytesOut: 250,
  user: 'admin',
  repository: 'lake',
  isCut: false,
};

function linesOf(level: 'info' | 'warn', ...requests: EndedRequest[]): string[] {
  const lines: string[] = [];
  const logger = newLogger(level, { write: (line) => void lines.push(line) });
  const log = new RequestLog(logger, () => 1_700_000_000_000);
  for (const request of requests) log.ended(request);
  return lines;
}

describe("a request's line", () => {
  it('is JSON like every other line, and ends with a newline', () => {
    const [line = ''] = linesOf('info', ended);

    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 30,
      time: 1_700_000_000_000,
      service: 'moraine',
      requestId: ended.requestId,
      method: 'POST',
      operation: 'stageObject',
      route: ended.route,
      status: 201,
      tookMs: 1.235,
      bytesIn: 300,
      bytesOut: 250,
      user: 'admin',
      repository: 'lake',
      msg: 'request',
    });
  });

  it('escapes whatever a client has chosen', () => {
    const user = 'a"b\\c\nd\u2028é';
    const [line = ''] = linesOf('info', { ...ended, user, repository: '","level":60,"x":"' });

    expect(JSON.parse(line)).toMatchObject({ level: 30, user, repository: '","level":60,"x":"' });
    expect(line.trimEnd()).not.toContain('\n');
  });

  it('says which trace it belongs to, and that it broke off', () => {
    const [line = ''] = linesOf('info', { ...ended, traceId: 'ab12', isCut: true });

    expect(JSON.parse(line)).toMatchObject({ traceId: 'ab12', isCut: true });
  });

  it('is a warning when it is our fault, and nothing when nobody wants it', () => {
    expect(linesOf('warn', ended, { ...ended, status: 501 })).toEqual([]);
    const [line = ''] = linesOf('warn', { ...ended, status: 503 });
    expect(JSON.parse(line)).toMatchObject({ level: 40, status: 503 });
  });
});
