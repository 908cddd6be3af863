import { BASIC } from './running-edge.js';

/** A request that cannot be granted, as it goes over the wire, and what it is answered with. */
export interface FaultRow {
  /** What is wrong, in the words of the page. */
  readonly fault: string;
  /** Each character one byte. */
  readonly send: string;
  readonly status: number;
  readonly message: string | RegExp;
}

export const LAKE = '/api/v1/repositories/lake';
const STAGE = `${LAKE}/branches/main/objects`;
const COMMITS = `${LAKE}/branches/main/commits`;
const JSON_TYPE = 'Content-Type: application/json';
const AUTH = `Authorization: ${BASIC}`;

/** One that a caller who is known sends on a connection of its own. */
function request(line: string, { headers = [] as readonly string[], body = '' } = {}): string {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const all = ['Host: x', 'Connection: close', AUTH, ...headers, ...length];
  return `${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`;
}

const jsonOf = (line: string, body: string, type = JSON_TYPE) =>
  request(line, { headers: [type], body });
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const UNKNOWN = 'error authenticating request';
const NO_HTTP = 'not a valid HTTP request';
const NO_ENDPOINT = 'invalid API endpoint';
const OVER = 'x'.repeat(1024 * 1024);

const http: readonly FaultRow[] = [
  row('No HTTP at all', 'GARBAGE\r\n\r\n', 400, NO_HTTP),
  row('A header without a colon', 'GET / HTTP/1.1\r\nbad header\r\n\r\n', 400, NO_HTTP),
  row('A method that nobody knows', 'FROB / HTTP/1.1\r\nHost: x\r\n\r\n', 400, NO_HTTP),
  row('HTTP/2 without an agreement', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, NO_HTTP),
  row('Another version of HTTP', 'GET / HTTP/3.7\r\nHost: x\r\n\r\n', 400, NO_HTTP),
  row(
    'A byte over 127 in the URL',
    `GET ${LAKE}/refs/\xe9 HTTP/1.1\r\nHost: x\r\n\r\n`,
    400,
    NO_HTTP,
  ),
  row('NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n', 400, NO_HTTP),
  row('CR alone in a header', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n', 400, NO_HTTP),
  row(
    'A length and chunks at once',
    `POST ${COMMITS} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n` +
      'Transfer-Encoding: chunked\r\n\r\n',
    400,
    NO_HTTP,
  ),
  row(
    'Two lengths',
    `POST ${COMMITS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    400,
    NO_HTTP,
  ),
  row(
    'A chunk that says no length',
    `POST ${COMMITS} HTTP/1.1\r\nHost: x\r\n${AUTH}\r\n${JSON_TYPE}\r\n` +
      'Transfer-Encoding: chunked\r\n\r\nxyz\r\n',
    400,
    NO_HTTP,
  ),
  row('A tunnel', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 400, NO_HTTP),
  row(
    'An expectation',
    'GET /_health HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n',
    417,
    'no such expectation can be met',
  ),
  row(
    'Path and headers of more than 64 KiB',
    `GET ${LAKE}?x=${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    431,
    'path and headers are over 65536 bytes',
  ),
];

const endpoints: readonly FaultRow[] = [
  row('A path that is none', request('GET /api/v1/nope'), 404, NO_ENDPOINT),
  row('A method that is not for this path', request('PATCH /api/v1/user'), 404, NO_ENDPOINT),
  row('OPTIONS', request(`OPTIONS ${LAKE}`), 404, NO_ENDPOINT),
  row('TRACE', request(`TRACE ${LAKE}`), 404, NO_ENDPOINT),
  row('A method of WebDAV', request(`PROPFIND ${LAKE}`), 404, NO_ENDPOINT),
  row('A slash at the end', request(`GET ${LAKE}/`), 404, NO_ENDPOINT),
  row('A slash twice', request('GET /api/v1//repositories'), 404, NO_ENDPOINT),
  row('Capitals in the path', request('GET /api/v1/Repositories'), 404, NO_ENDPOINT),
  row('Dots in the path', request('GET /api/v1/user/../user'), 404, NO_ENDPOINT),
  row('A body where there is no endpoint', jsonOf('POST /api/v1/nope', '{"x"'), 404, NO_ENDPOINT),
  row('The API itself', request('GET /api/v1'), 404, NO_ENDPOINT),
];

const callers: readonly FaultRow[] = [
  row(
    'No credentials',
    `GET ${LAKE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    401,
    UNKNOWN,
  ),
  row(
    'A wrong secret',
    by(`Basic ${Buffer.from('AKIAJTESTTESTTESTQ:x').toString('base64')}`),
    401,
    UNKNOWN,
  ),
  row('Another scheme', by('Negotiate abc'), 401, UNKNOWN),
  row('No pair', by(`Basic ${Buffer.from('nobody').toString('base64')}`), 401, UNKNOWN),
  row('No base64', by('Basic {}'), 401, UNKNOWN),
];

const urls: readonly FaultRow[] = [
  ...(
    [
      ['?path=%FF%FE', 'path: is not valid UTF-8: %FF%FE'],
      ['?path=%ZZ', "path: '%ZZ' is no escape of a byte"],
      ['?path=a%', "path: '%' is no escape of a byte"],
      ['?path=%ED%A0%80', 'path: is not valid UTF-8: %ED%A0%80'],
      ['?path=%C0%AF', 'path: is not valid UTF-8: %C0%AF'],
      ['?path=a%00b', 'path: holds %00'],
      ['?path=a&path=b', 'path: given more than once'],
      ['?path=', 'path: empty value is not allowed'],
      ['', 'path: value is required but missing'],
      [`?path=${'x'.repeat(1025)}`, 'path: over 1024 bytes'],
      ['?path=a&%FF=1', 'query: is not valid UTF-8: %FF'],
      ['?path=a&user_metadata=maybe', "user_metadata: 'maybe' is not a boolean"],
      ['?path=a&user_metadata=', "user_metadata: '' is not a boolean"],
    ] as const
  ).map(([query, message]) =>
    row(
      `\`${query.length > 40 ? '?path=' : query}\` ${query.length > 40 ? 'and 1,025 bytes' : ''}`,
      request(`GET ${LAKE}/refs/main/objects/stat${query}`),
      400,
      message,
    ),
  ),
  ...(
    [
      ['amount=1001', 'amount: number must be at most 1000'],
      ['amount=-2', 'amount: number must be at least -1'],
      ['amount=many', "amount: 'many' is not an integer"],
      ['amount=1e3', "amount: '1e3' is not an integer"],
      ['amount=', "amount: '' is not an integer"],
      ['after=%ZZ', "after: '%ZZ' is no escape of a byte"],
      ['prefix=%00', 'prefix: holds %00'],
    ] as const
  ).map(([query, message]) =>
    row(`\`?${query}\` of a listing`, request(`GET /api/v1/repositories?${query}`), 400, message),
  ),
  row(
    '`%FF` in the path',
    request('GET /api/v1/repositories/%FF'),
    400,
    'path: is not valid UTF-8: %FF',
  ),
  row(
    '`%ZZ` in the path',
    request('GET /api/v1/repositories/%ZZ'),
    400,
    "path: '%ZZ' is no escape of a byte",
  ),
  row('`%00` in a ref', request(`GET ${LAKE}/refs/a%00b/objects/ls`), 400, /^ref: is no valid ref/),
  row(
    'A space in a ref',
    request(`GET ${LAKE}/refs/a%20b/objects/ls`),
    400,
    /^ref: is no valid ref/,
  ),
  row(
    'A name of no repository',
    request('GET /api/v1/repositories/A_b'),
    400,
    /^repository: must be/,
  ),
  row(
    'Dots for a repository',
    request('GET /api/v1/repositories/%2e%2e'),
    400,
    /^repository: must be/,
  ),
  row('A name of no branch', request(`GET ${LAKE}/branches/a.b`), 400, /^branch: branch id must/),
  row('A slash in a branch', request(`GET ${LAKE}/branches/a%2Fb`), 400, /^branch: branch id must/),
  row('A name of no tag', request(`GET ${LAKE}/tags/a..b`), 400, 'tag: is no valid tag id'),
];

const bodies: readonly FaultRow[] = [
  row(
    'No body where one must be',
    request(`POST ${COMMITS}`),
    400,
    'body: value is required but missing',
  ),
  row(
    'A type and no body',
    request(`POST ${COMMITS}`, { headers: [JSON_TYPE, 'Content-Length: 0'] }),
    400,
    'body: value is required but missing',
  ),
  row(
    'A body of no type',
    request(`POST ${COMMITS}`, { body: '{}' }),
    400,
    'Content-Type: is missing',
  ),
  row(
    'A body of another type',
    jsonOf(`POST ${COMMITS}`, '{}', 'Content-Type: text/plain'),
    400,
    'Content-Type: has unexpected value "text/plain"',
  ),
  row(
    'A type that is none',
    jsonOf(`POST ${COMMITS}`, '{}', 'Content-Type: not a type'),
    400,
    'Content-Type: has unexpected value "not a type"',
  ),
  row('No JSON', jsonOf(`POST ${COMMITS}`, '{"message":'), 400, 'body: is not valid JSON'),
  row('No UTF-8', jsonOf(`POST ${COMMITS}`, '{"message":"\xff"}'), 400, 'body: is not valid UTF-8'),
  row(
    'Compressed',
    request(`POST ${COMMITS}`, {
      headers: [JSON_TYPE, 'Content-Encoding: gzip'],
      body: '\x1f\x8b\x08\x00',
    }),
    400,
    'body: is not valid UTF-8',
  ),
  row('A list', jsonOf(`POST ${COMMITS}`, '[]'), 400, 'body: must be an object'),
  row('null', jsonOf(`POST ${COMMITS}`, 'null'), 400, 'body: must be an object'),
  row(
    'A list of 100,000 lists, one in the other',
    jsonOf(`POST ${COMMITS}`, deep(100_000)),
    400,
    'body: must be an object',
  ),
  row('A field that is missing', jsonOf(`POST ${COMMITS}`, '{}'), 400, 'message: must be a string'),
  row(
    'A field of another type',
    jsonOf(`POST ${COMMITS}`, '{"message":5}'),
    400,
    'message: must be a string',
  ),
  row(
    'Half of a pair',
    jsonOf(`POST ${COMMITS}`, String.raw`{"message":"\ud800"}`),
    400,
    'message: is not valid Unicode',
  ),
  row(
    'Metadata that is a list',
    jsonOf(`POST ${COMMITS}`, '{"message":"m","metadata":[]}'),
    400,
    'metadata: must be an object',
  ),
  row(
    'A number in metadata',
    jsonOf(`POST ${COMMITS}`, '{"message":"m","metadata":{"a":5}}'),
    400,
    'metadata.a: must be a string',
  ),
  row(
    'An object in metadata',
    jsonOf(`POST ${COMMITS}`, '{"message":"m","metadata":{"__proto__":{"a":"b"}}}'),
    400,
    'metadata.__proto__: must be a string',
  ),
  row(
    'Depth in metadata',
    jsonOf(`POST ${COMMITS}`, `{"message":"m","metadata":{"a":${deep(100_000)}}}`),
    400,
    'metadata.a: must be a string',
  ),
  row(
    'Over 1 MiB, told',
    jsonOf(`POST ${COMMITS}`, `{"message":"${OVER}"}`),
    413,
    /^Request body is too large/,
  ),
  row(
    'Over 1 MiB, in chunks',
    request(`POST ${COMMITS}`, { headers: [JSON_TYPE, 'Transfer-Encoding: chunked'] }) +
      `${(OVER.length + 2).toString(16)}\r\n"${OVER}"\r\n0\r\n\r\n`,
    413,
    /^Request body is too large/,
  ),
  row(
    'A size below nought',
    jsonOf(
      `PUT ${STAGE}?path=a`,
      '{"physical_address":"local://b/k","checksum":"c","size_bytes":-1}',
    ),
    400,
    'size_bytes: must not be negative',
  ),
  row(
    'More than 1,000 paths',
    jsonOf(
      `POST ${STAGE}/delete`,
      JSON.stringify({ paths: Array.from({ length: 1001 }, () => 'a') }),
    ),
    400,
    'request size exceeded, max paths is set to 1000',
  ),
  row(
    'A form without a boundary',
    request(`POST ${STAGE}?path=a`, { headers: ['Content-Type: multipart/form-data'], body: 'x' }),
    400,
    'Content-Type: multipart/form-data without a boundary',
  ),
  row(
    'A form without its part',
    request(`POST ${STAGE}?path=a`, {
      headers: ['Content-Type: multipart/form-data; boundary=b'],
      body: '--b--\r\n',
    }),
    400,
    'content: no such part in the form',
  ),
  row(
    'A form that ends too early',
    request(`POST ${STAGE}?path=a`, {
      headers: ['Content-Type: multipart/form-data; boundary=b'],
      body: '--b\r\nContent-Disp',
    }),
    400,
    'content: the form ends before its last boundary',
  ),
];

const ranges: readonly FaultRow[] = [
  row('A range of another unit', range('lines=1-2'), 400, 'Range: must be bytes=<first>-<last>'),
  row('Several ranges', range('bytes=0-1,3-4'), 416, 'Requested Range Not Satisfiable'),
  row('A range behind the end', range('bytes=5-'), 416, 'Requested Range Not Satisfiable'),
];

/** It takes a while, so a test of its own sends it. */
export const LATE = {
  fault: 'Headers that take too long',
  status: 408,
  message: 'the request took too long to arrive',
} as const;

/** By kind, in the order of the page. */
export const FAULTS: Readonly<Record<string, readonly FaultRow[]>> = {
  'What is no HTTP': http,
  'What is no endpoint': endpoints,
  'Who asks': callers,
  'Path and query': urls,
  Bodies: bodies,
  Ranges: ranges,
};

function range(header: string): string {
  return request(`GET ${LAKE}/refs/main/objects?path=a`, { headers: [`Range: ${header}`] });
}

function by(authorization: string): string {
  const headers = `Host: x\r\nConnection: close\r\nAuthorization: ${authorization}`;
  return `GET ${LAKE} HTTP/1.1\r\n${headers}\r\n\r\n`;
}

function row(fault: string, send: string, status: number, message: string | RegExp): FaultRow {
  return { fault, send, status, message };
}
