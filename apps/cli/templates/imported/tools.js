// @ts-check
import { importedTools } from '@countersign/mcp-tools';
import { contracts } from './workflow.js';

export default importedTools(new URL('./tools.yaml', import.meta.url), contracts);
