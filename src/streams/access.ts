import { DomainError } from '../domain/errors.js';
import { accessDenied, badArgument, notAuthenticated } from './refusal.js';

/** What a client proves by who it is. */
export interface Proof {
  /** `Basic` and a key pair. */
  readonly header: string;
  /** Its network address. */
  readonly client: string;
}

/** Who may call, and who may append where. */
export interface AccessRules {
  /**
   * Returns the name of whom a client is. Undefined: nobody is asked, as with EventStoreDB's
   * `--insecure`.
   *
   * @throws DomainError authentication_failed, sign_in_delayed
   */
  readonly identify: ((proof: Proof) => Promise<string>) | undefined;
  /** Streams that take events from nobody outside. */
  readonly isOwn: (stream: string) => boolean;
}

export class Access {
  constructor(private readonly rules: AccessRules) {}

  /** @throws Refusal  it is nobody that is known */
  async callerOf(header: string | undefined, client: string): Promise<string> {
    const { identify } = this.rules;
    if (!identify) return ANYBODY;
    if (header === undefined || !/^basic /i.test(header)) {
      throw notAuthenticated('say who you are: an access key id and its secret, as Basic');
    }
    try {
      return await identify({ header, client });
    } catch (error) {
      throw error instanceof DomainError ? notAuthenticated(error.message) : error;
    }
  }

  /** @throws Refusal  it takes no events from outside */
  mayAppend(stream: string): void {
    if (stream === '$all') throw badArgument('$all is all streams, and no stream of its own');
    // The metadata of a stream is the stream's own.
    const owner = stream.startsWith('$$') ? stream.slice(2) : stream;
    if (this.rules.isOwn(owner)) {
      throw accessDenied(`${owner} is a stream of Moraine's own, which alone appends to it`);
    }
  }
}

const ANYBODY = 'anybody';
