import { Controller } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { WriteSymlinks } from '../commands/repository/write-symlinks.js';
import { described, shape, TEXT } from './openapi/schema.js';
import { OnBranch, type PlaceOnBranch, QueryParams } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';

@Controller()
export class SymlinksController {
  constructor(private readonly commands: CommandBus) {}

  @Serves('createSymlinkFile', {
    answers: shape('StorageURI', { location: TEXT }),
    query: { 'location?': described(TEXT, 'Only objects whose paths begin so') },
    refuses: ['ref_not_found', 'address_refused'],
    about: 'Writes a `symlink.txt` for each folder, that names its objects by where they are.',
  })
  async write(@OnBranch() { repository, branch }: PlaceOnBranch, @QueryParams() query: Query) {
    const command = new WriteSymlinks(repository, branch, query.text('location') ?? '');
    return { location: await this.commands.execute(command) };
  }
}
