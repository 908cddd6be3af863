import type { RepositoryId } from '../../domain/model.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import type { ArchiveScope } from '../../ports/event-archive.js';
import type { Json, RecordedEvent } from '../../ports/event-log.js';

/**
 * Returns what gives a repository's events another name. Only its own stream and the record in its
 * events have the name; all else goes by its uid.
 */
export function renamed(
  scope: ArchiveScope,
  name: string | undefined,
): (event: RecordedEvent) => RecordedEvent {
  if (scope.kind === 'all' || name === undefined || name === scope.name) return (event) => event;
  const from = repositoryStream(scope.name as RepositoryId);
  const stream = repositoryStream(name as RepositoryId);
  return (event) => {
    if (event.stream !== from) return event;
    const record = event.data['repository'];
    const isNamed = typeof record === 'object' && record !== null && 'name' in record;
    const data: RecordedEvent['data'] = isNamed
      ? { ...event.data, repository: { ...(record as { [key: string]: Json }), name } }
      : event.data;
    return { ...event, stream, data };
  };
}
