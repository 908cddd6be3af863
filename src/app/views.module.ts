import { Module, type Provider } from '@nestjs/common';
import { SessionTokens } from '../auth/session-tokens.js';
import { StoredAuthenticator } from '../auth/stored-authenticator.js';
import { KvStore } from '../ports/kv-store.js';
import { Secrets } from '../ports/secrets.js';
import { BranchesView } from '../projections/branches.view.js';
import { CommitsView } from '../projections/commits.view.js';
import { InstallationView } from '../projections/installation.view.js';
import { PullsView } from '../projections/pulls.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { TagsView } from '../projections/tags.view.js';
import { Moments } from '../queries/as-of/moments.js';
import { ReadsAt } from '../queries/read-at.js';
import { Refs } from '../queries/resolve-ref.js';

/** Commits that are kept decoded; some 500 bytes each. */
const CACHED_COMMITS = 50_000;

const views: Provider[] = [
  ...[BranchesView, InstallationView, PullsView, RepositoriesView, TagsView].map((View) => ({
    provide: View,
    inject: [KvStore],
    useFactory: (kv: KvStore) => new View(kv),
  })),
  {
    provide: CommitsView,
    inject: [KvStore],
    useFactory: (kv: KvStore) => new CommitsView(kv, { cachedCommits: CACHED_COMMITS }),
  },
  {
    provide: Refs,
    inject: [CommitsView, Moments],
    useFactory: (commits: CommitsView, moments: Moments) => new Refs(commits, moments),
  },
  {
    provide: ReadsAt,
    inject: [KvStore, Refs, Moments],
    useFactory: (kv: KvStore, refs: Refs, moments: Moments) => new ReadsAt(kv, refs, moments),
  },
  {
    provide: StoredAuthenticator,
    inject: [InstallationView, Secrets, SessionTokens],
    useFactory: (...from: [InstallationView, Secrets, SessionTokens]) =>
      new StoredAuthenticator(...from),
  },
];

@Module({ providers: views, exports: views })
export class ViewsModule {}
