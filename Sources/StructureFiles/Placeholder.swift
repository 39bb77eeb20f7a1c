// StructureFiles
