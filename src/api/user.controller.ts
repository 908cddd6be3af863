import { Controller } from '@nestjs/common';
import type { UserRecord } from '../auth/authenticator.js';
import { CurrentUser } from './caller.js';
import { Serves } from './serves.js';
import { userJson } from './wire.js';

@Controller()
export class UserController {
  @Serves('getCurrentUser')
  current(@CurrentUser() user: UserRecord | null) {
    return userJson(user);
  }

  @Serves('getAuthCapabilities')
  capabilities() {
    return { invite_user: false };
  }
}
