// Whose a function is.

/** Node's own modules, put together by what they are for. */
const NODE = [
  [/_http|internal\/http/, 'node: http'],
  [/net$|stream|writable|readable|duplex/, 'node: sockets and streams'],
  [/fs|fs\//, 'node: files'],
  [/crypto/, 'node: crypto'],
];

/** What is written through to the system, by where it was called from. */
const WRITES = /^(write|writev|writeBuffer|writeString|write(Utf8|Latin1|Ascii)String)$/;

/**
 * Returns the room of a function: one of the project's, a package, a part of Node, or a call of the
 * system that this thread made.
 *
 * @param {{functionName: string, url: string}} frame
 * @param {string} callerRoom  of who called it
 */
export function roomOf({ functionName, url }, callerRoom) {
  if (functionName === '(garbage collector)') return 'garbage collection';
  // The loop itself: waiting for sockets, and starting what waited for them.
  if (functionName === '(program)' || functionName === '(root)') return 'node: the loop';
  if (url === '') return nativeOf(functionName, callerRoom);
  const parts = url.split('/node_modules/');
  if (parts.length > 1) return packageOf(parts.at(-1));
  if (url.startsWith('node:')) {
    const inPostgres = callerRoom === 'pg' || callerRoom === POSTGRES_SOCKET;
    const room = NODE.find(([part]) => part.test(url))?.[1] ?? 'node: other';
    return inPostgres && room === 'node: sockets and streams' ? POSTGRES_SOCKET : room;
  }
  return /\/(?:dist|src)\/([\w-]+)\//.exec(url)?.[1] ?? 'the program';
}

function nativeOf(name, callerRoom) {
  if (!WRITES.test(name)) return callerRoom;
  if (callerRoom === POSTGRES_SOCKET || callerRoom === 'pg') return 'system: calls to Postgres';
  return callerRoom === 'node: files' ? 'system: files' : 'system: answers to clients';
}

/** The parts of a package that were split off stand under its name. */
function packageOf(path) {
  const [scope, name] = path.split('/');
  if (scope === '@nestjs' || scope === 'rxjs' || scope === 'reflect-metadata') return 'nest';
  if (/^(pg|pg-.*|postgres-.*)$/.test(scope)) return 'pg';
  if (/^(fastify|@fastify|find-my-way|avvio|fast-.*|secure-json-parse)$/.test(scope)) {
    return 'fastify';
  }
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

const POSTGRES_SOCKET = "node: Postgres's sockets";
