import { ValidateBy } from 'class-validator';

/**
 * Returns what is wrong with a connection string of EventStoreDB, without a word of what is in it,
 * or undefined.
 *
 * The client would take most of this, and print the whole string, password and all, when it does
 * not know an option.
 */
export function faultInEventstoreUrl(url: unknown): string | undefined {
  if (typeof url !== 'string' || !FORM.test(url.trim())) {
    return 'must be esdb://host:port or esdb+discover://host:port, with ?options behind it';
  }
  const [, options = ''] = url.trim().split('?', 2);
  for (const option of options.split('&').filter((text) => text !== '')) {
    const [name = '', value = ''] = option.split('=', 2);
    const flat = flatten(name);
    if (!OPTIONS.has(flat)) return `has no option ${name}`;
    if (value === '') return `says nothing behind ${name}=`;
    const fault = FORBIDDEN.get(flat)?.(decodeURIComponent(value).trim().toLowerCase());
    if (fault) return fault;
  }
  return undefined;
}

/** Whether a connection string has credentials that go nowhere: without TLS none are sent. */
export function hasUnsentCredentials(url: string): boolean {
  return /^[^/]*\/\/[^/?]*@/.test(url) && /[?&]tls=false(&|$)/i.test(url);
}

export function IsEventstoreUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'isEventstoreUrl',
    validator: {
      validate: (value: unknown) => faultInEventstoreUrl(value) === undefined,
      defaultMessage: (about) => `eventstoreUrl ${faultInEventstoreUrl(about?.value)}`,
    },
  });
}

const flatten = (name: string) => name.trim().toLowerCase().replaceAll(/[_-]/g, '');

const HOST = String.raw`[^@/?\s,:]+(:\d+)?`;
const FORM = new RegExp(
  String.raw`^esdb(\+discover)?://([^:@/?\s]+:[^@\s]+@)?${HOST}(,${HOST})*/?(\?\S*)?$`,
);

const OPTIONS: ReadonlySet<string> = new Set(
  [
    'connectionName',
    'defaultDeadline',
    'discoveryInterval',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'maxDiscoverAttempts',
    'nodePreference',
    'throwOnAppendFailure',
    'tls',
    'tlsCAFile',
    'tlsVerifyCert',
    'userCertFile',
    'userKeyFile',
  ].map(flatten),
);

/** What would make an answer untrue, or is not done though it is asked for. */
const FORBIDDEN = new Map<string, (value: string) => string | undefined>([
  [
    flatten('nodePreference'),
    (value) =>
      value === 'leader' ? undefined : 'must leave nodePreference at leader: others lag behind it',
  ],
  [
    flatten('throwOnAppendFailure'),
    (value) => (value === 'true' ? undefined : 'must leave throwOnAppendFailure at true'),
  ],
  [
    flatten('tlsVerifyCert'),
    (value) =>
      value === 'true' ? undefined : 'cannot leave certificates unverified: name a tlsCAFile',
  ],
]);
