export { declarationDigest, type Declaration } from './declaration.js';
export { importTools, type Imported } from './import-tools.js';
export { DECLARATION_HEADER, importedContracts, importedTools, TOOLS_PATH } from './imported.js';
export { samplesIn, writeSamples } from './samples.js';
export { parseToolsFile, readToolsFile, writeToolsFile, type ImportedTool, type ToolsFile } from './tools-file.js';
