import { Controller, Get, Inject } from '@nestjs/common';
import { asyncApi, openApi } from './documents.js';

export const TOPIC_PREFIX = Symbol('topic-prefix');

/** The surface as documents, for anyone. */
@Controller()
export class DocumentsController {
  private readonly http = openApi();
  private readonly topics: ReturnType<typeof asyncApi>;

  constructor(@Inject(TOPIC_PREFIX) prefix: string) {
    this.topics = asyncApi(prefix);
  }

  @Get('openapi.json')
  openapi() {
    return this.http;
  }

  @Get('asyncapi.json')
  asyncapi() {
    return this.topics;
  }
}
