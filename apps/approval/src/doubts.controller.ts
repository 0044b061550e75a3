import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { parsed, verdictBody } from './bodies.js';
import { DoubtDesk } from './doubt-desk.js';
import { verdictView } from './verdict.js';

@Controller('v1/in-doubt')
@UseGuards(IdentityGuard)
export class DoubtsController {
  constructor(@Inject(DoubtDesk) private readonly doubts: DoubtDesk) {}

  /** 202: policy has to take it, and the executor to write it down. */
  @Post(':actionId/resolve')
  @HttpCode(202)
  async resolve(@Caller() caller: CallerIdentity, @Param('actionId') actionId: string, @Body() body: unknown) {
    return verdictView(await this.doubts.settle(caller, actionId, parsed(verdictBody, body)));
  }
}
