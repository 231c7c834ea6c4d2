# Writes OUT: the SQL files FILES as the table SET_migrations of db/migration.h. Each file is an array of its
# bytes, so that nothing in it has to be escaped.
set(arrays "")
set(rows "")
foreach(file ${FILES})
    get_filename_component(name ${file} NAME_WE)
    string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" number ${name})
    file(READ ${file} text HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${text}")
    string(APPEND arrays "static const char sql_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {${number}, \"${name}\", sql_${number}},\n")
endforeach()
file(WRITE ${OUT} "#include \"db/migration.h\"\n\n${arrays}
static const struct migration rows[] = {\n${rows}    {0, 0, 0},\n};
extern const struct migration_set ${SET}_migrations;
const struct migration_set ${SET}_migrations = {\"${SET}\", rows};\n")
