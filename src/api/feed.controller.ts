import { Controller, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../domain/errors.js';
import type { EventType } from '../domain/event-types.js';
import type { RepositoryUid } from '../domain/model.js';
import { type FeedStart, OpenFeed } from '../queries/feed/open-feed.js';
import { isTold, TOLD_TYPES } from '../queries/feed/told-types.js';
import type { EdgeRequest } from './caller.js';
import { FeedConnection } from './feed-connection.js';
import { KnownCallers } from './known-callers.js';
import { described, listOf, nameOf, oneOf, shape, TEXT, whole } from './openapi/schema.js';
import { queryOf } from './params.js';
import { branchId, positionOf, repositoryId } from './parse.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';

const PARAMETERS = {
  'from?': described(TEXT, 'A position, exclusive; `beginning`, or `now`, which it is untold'),
  'repository?': described(TEXT, 'Events of the repository of this name'),
  'repository_uid?': described(TEXT, 'Events of this one repository'),
  'branch?': described(TEXT, 'Events of the branch of this name'),
  'type?': described(
    listOf(oneOf(...TOLD_TYPES)),
    'Events of this type; several: given again, or with commas between',
  ),
};

/** One of the stream's, by its fields. */
const MESSAGE = shape('FeedMessage', {
  'id?': described(TEXT, 'The position of the event; an id alone is only to go on from'),
  'event?': described(TEXT, 'Its type'),
  'data?': described(TEXT, 'The event, as JSON: docs/events.md'),
  'retry?': whole(0),
});

/** What happens, told as it happens. */
@Controller()
export class FeedController {
  #openedCount = 0;

  constructor(
    private readonly queries: QueryBus,
    private readonly callers: KnownCallers,
  ) {}

  @Serves('streamEvents', {
    about:
      'Server-sent events, from any position of the log on, without end: docs/feed.md. The id of ' +
      'each is its position, and `Last-Event-ID` goes on behind it.',
    answers: MESSAGE,
    answersAs: 'text/event-stream',
    query: PARAMETERS,
    headers: { 'last-event-id?': TEXT },
    refuses: ['feeds_full', 'repository_not_found'],
  })
  async stream(@Req() request: EdgeRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request);
    const repository = optional(query.text('repository'), repositoryId);
    const uid = optional(query.text('repository_uid'), repositoryUid);
    const branch = optional(query.text('branch'), branchId);
    const wish = {
      ...(repository !== undefined && { repository }),
      ...(uid !== undefined && { uid }),
      ...(branch !== undefined && { branch }),
      types: typesOf(query),
    };
    const start = startOf(request, query.text('from'));
    // One that is misspelt would ask for everything.
    query.assertOnly(NAMES);
    const feed = await this.queries.execute(new OpenFeed(wish, start));
    // Those who are cut off together do not come again together.
    const retryMs = RETRY_MS_MIN + ((this.#openedCount++ * RETRY_MS_APART) % RETRY_MS_MIN);
    new FeedConnection(request, reply, this.callers).begin(feed, retryMs);
  }
}

/** @throws DomainError invalid */
function startOf({ headers }: EdgeRequest, from: string | undefined): FeedStart {
  const lastId = headers['last-event-id'];
  // A client that goes on asks by the same URL, and says by this how far it has come.
  const [field, text] =
    typeof lastId === 'string' && lastId !== ''
      ? (['Last-Event-ID', lastId] as const)
      : (['from', from ?? 'now'] as const);
  if (field === 'from' && text === 'now') return { kind: 'now' };
  if (field === 'from' && text === 'beginning') return { kind: 'after', position: 0, field };
  const position = positionOf(text);
  if (position === undefined) {
    const words = field === 'from' ? ', beginning or now' : '';
    throw invalid(field, `'${text.slice(0, SHOWN_CHARS)}' is no position: a whole number${words}`);
  }
  return { kind: 'after', position, field };
}

/** @throws DomainError invalid  there is no such type, or nobody is told of it */
function typesOf(query: Query): readonly EventType[] {
  const texts = query.all('type').flatMap((text) => text.split(','));
  return texts.map((text) => {
    if (isTold(text)) return text;
    throw invalid('type', `'${text.slice(0, SHOWN_CHARS)}' is no type of event in the feed`);
  });
}

function repositoryUid(text: string): RepositoryUid {
  if (!/^[0-9a-v]{20}$/.test(text)) throw invalid('repository_uid', 'must be 20 of 0-9 and a-v');
  return text as RepositoryUid;
}

function optional<Value>(text: string | undefined, read: (text: string) => Value) {
  return text === undefined ? undefined : read(text);
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

const NAMES = Object.keys(PARAMETERS).map(nameOf);
const SHOWN_CHARS = 100;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_APART = 37;
