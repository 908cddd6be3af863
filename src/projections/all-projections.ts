import { decodeEvent, type DomainEvent } from '../domain/event-types.js';
import type { InlineProjection } from '../ports/event-log.js';
import { branchesProjection } from './branches.projection.js';
import { clonesProjection } from './clones.projection.js';
import { childrenProjection } from './children.projection.js';
import { commitsProjection } from './commits.projection.js';
import { importsProjection } from './imports.projection.js';
import { headsProjection } from './heads.projection.js';
import { installationProjection } from './installation.projection.js';
import type { Projection } from './projection.js';
import { refsTasksProjection } from './refs-tasks.projection.js';
import { pullsProjection } from './pulls.projection.js';
import { repositoriesProjection } from './repositories.projection.js';
import { requestsProjection } from './requests.projection.js';
import { stagingProjection } from './staging.projection.js';
import { tagsProjection } from './tags.projection.js';
import { uploadsProjection } from './uploads.projection.js';

/** Every view. A new one is a line here. */
export const allProjections: readonly Projection[] = [
  repositoriesProjection,
  branchesProjection,
  childrenProjection,
  commitsProjection,
  headsProjection,
  pullsProjection,
  tagsProjection,
  stagingProjection,
  clonesProjection,
  requestsProjection,
  importsProjection,
  refsTasksProjection,
  uploadsProjection,
  installationProjection,
];

/** Returns the function that a log calls for each event, in its append's own transaction. */
export function inlineProjection(
  projections: readonly Projection[] = allProjections,
): InlineProjection {
  const takers = new Map<string, Projection[]>();
  for (const projection of projections) {
    for (const type of projection.takes)
      takers.set(type, [...(takers.get(type) ?? []), projection]);
  }
  return (written) => {
    const interested = takers.get(written.type);
    if (interested === undefined) return [];
    const event: DomainEvent = decodeEvent(written);
    const { stream, atMs } = written;
    return interested.flatMap((projection) => projection.project({ stream, atMs, event }));
  };
}
