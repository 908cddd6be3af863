import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { DiffRefs } from '../queries/diff-refs.js';
import type { PageRequest } from '../shared/page.js';
import { DIFF, pageOf } from './openapi/answer-schemas.js';
import { DELIMITER, PREFIX } from './openapi/parameter-schemas.js';
import { described, FLAG, oneOf } from './openapi/schema.js';
import { BetweenRefs, PageQuery, type PlaceBetweenRefs, QueryParams } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { differenceJson, pageJson, rightDifferenceJson } from './wire.js';

const KINDS = ['three_dot', 'two_dot'] as const;

@Controller()
export class DiffsController {
  constructor(private readonly queries: QueryBus) {}

  @Serves('diffRefs', {
    answers: pageOf(DIFF),
    query: {
      'prefix?': PREFIX,
      'delimiter?': DELIMITER,
      'type?': described(
        oneOf(...KINDS),
        'three_dot (the usual): what merging the right into the left would change; ' +
          'two_dot: how they differ',
      ),
      'include_right_stats?': FLAG,
    },
    refuses: [
      'ref_not_found',
      'ref_invalid',
      'commit_ref_not_found',
      'commit_ref_invalid',
      'no_merge_base',
    ],
    about: 'Of branches their heads count; two_dot takes `branch$` on its right side.',
  })
  async diff(
    @BetweenRefs() { repository, left, right }: PlaceBetweenRefs,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const kind = query.word('type', KINDS, 'three_dot') === 'two_dot' ? 'two-dot' : 'three-dot';
    const filter = {
      prefix: query.text('prefix') ?? '',
      delimiter: query.text('delimiter') ?? '',
    };
    const between = { left, right, kind } as const;
    const found = await this.queries.execute(new DiffRefs(repository, between, page, filter));
    return pageJson(
      found,
      query.flag('include_right_stats') ? rightDifferenceJson : differenceJson,
    );
  }
}
