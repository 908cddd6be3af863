// Which server a run asks, and how a request to it looks. All of it comes from the environment,
// so the same script runs against any server that speaks lakeFS's API.
import encoding from 'k6/encoding';
import http from 'k6/http';

const base = __ENV.LOAD_URL || 'http://127.0.0.1:8000';
/** All nodes of the server, where a question asks several. */
const bases = (__ENV.LOAD_URLS || base).split(',');
const accessKeyId = __ENV.LOAD_ACCESS_KEY_ID || '';
const secretAccessKey = __ENV.LOAD_SECRET_ACCESS_KEY || '';
const authorization = `Basic ${encoding.b64encode(`${accessKeyId}:${secretAccessKey}`)}`;

/** What every answer has time for; a slower one counts as failed. */
const REQUEST_TIMEOUT = '60s';

const asJson = paramsOf({ 'Content-Type': 'application/json' });
const asBytes = paramsOf({ 'Content-Type': 'application/octet-stream' });
const asNewBytes = paramsOf({
  'Content-Type': 'application/octet-stream',
  'If-None-Match': '*',
});
const plain = paramsOf({});
/** For answers of which only the status counts: the generator shares the server's cores. */
const statusOnly = { ...asJson, responseType: 'none' };

/** Returns the URL of a path below the API, `/repositories` for one. */
export const url = (path) => `${base}/api/v1${path}`;

/** The same on one of the nodes, counted from 0 and round again. */
const urlOn = (node, path) => `${bases[node % bases.length]}/api/v1${path}`;

export const get = (path) => http.get(url(path), plain);
export const getBytes = (path) => http.get(url(path), { ...plain, responseType: 'binary' });
export const getStatus = (path) => http.get(url(path), statusOnly);
export const postJson = (path, body) => http.post(url(path), JSON.stringify(body), asJson);
export const postBytes = (path, body) =>
  http.post(url(path), body, { ...asBytes, responseType: 'none' });
export const postBytesIfAbsent = (path, body) =>
  http.post(url(path), body, { ...asNewBytes, responseType: 'none' });
export const putJsonForStatus = (path, body) =>
  http.put(url(path), JSON.stringify(body), statusOnly);
export const deleteOf = (path) => http.del(url(path), null, statusOnly);
export const getStatusOn = (node, path) => http.get(urlOn(node, path), statusOnly);
export const postJsonOn = (node, path, body) =>
  http.post(urlOn(node, path), JSON.stringify(body), asJson);
export const putJsonOn = (node, path, body) =>
  http.put(urlOn(node, path), JSON.stringify(body), statusOnly);

/** Sends requests side by side; each is `[method, path, body]`. Throws on another status. */
export function sendAll(requests, status) {
  const answers = http.batch(
    requests.map(([method, path, body]) => [
      method,
      url(path),
      typeof body === 'object' && !(body instanceof ArrayBuffer) ? JSON.stringify(body) : body,
      body instanceof ArrayBuffer ? asBytes : asJson,
    ]),
  );
  for (const answer of answers) expectStatus(answer, status);
}

/** Returns the answer when it has the status, else ends the run: without its fixture it says nothing. */
export function expectStatus(answer, status) {
  if (answer.status === status) return answer;
  throw new Error(`${answer.url}: ${answer.status} ${answer.body || answer.error}`);
}

function paramsOf(headers) {
  return { headers: { Authorization: authorization, ...headers }, timeout: REQUEST_TIMEOUT };
}
