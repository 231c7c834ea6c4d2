# The verbs of the build. A leaf says what it is made of; how that is built stands here, once.

# UCAP_SERVICES: the first word of each line of services/services.list that is not a comment.
function(ucap_read_services)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/services/services.list)
    file(STRINGS ${PROJECT_SOURCE_DIR}/services/services.list lines REGEX "^[a-z]")
    list(TRANSFORM lines REPLACE " .*$" "")
    set(UCAP_SERVICES ${lines} PARENT_SCOPE)
endfunction()

# ucap_library(NAME SOURCES a.c... DEPENDS base PkgConfig::X...): the static library ucap_NAME. Headers are included as
# "NAME/header.h"; words in DEPENDS without "::" are libraries of ours.
function(ucap_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    add_library(ucap_${name} STATIC ${arg_SOURCES})
    target_include_directories(ucap_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
    _ucap_link(ucap_${name} ${arg_DEPENDS})
endfunction()

# ucap_program(NAME SOURCES main.c... [CORE rpc.c...] DEPENDS ...): the program NAME, installed in bin. CORE is all but
# main.c, as a library of its own (NAME_core) that tests link.
function(ucap_program name)
    cmake_parse_arguments(arg "" "" "SOURCES;CORE;DEPENDS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    if(arg_CORE)
        add_library(${name}_core STATIC ${arg_CORE})
        target_include_directories(${name}_core PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/lib)
        _ucap_link(${name}_core ${arg_DEPENDS})
        target_link_libraries(${name} PRIVATE ${name}_core)
    endif()
    _ucap_link(${name} ${arg_DEPENDS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# ucap_test(NAME SOURCES test_x.c... DEPENDS ... [LABEL unit|integration] [TIMEOUT s]): a cmocka program run by ctest.
# Unit tests need neither network nor database; integration tests start what they need themselves.
function(ucap_test name)
    cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
    if(NOT BUILD_TESTING)
        return()
    endif()
    if(NOT arg_LABEL)
        set(arg_LABEL unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_executable(test_${name} ${arg_SOURCES})
    _ucap_link(test_${name} ${arg_DEPENDS} PkgConfig::CMOCKA)
    set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
    add_test(NAME ${name} COMMAND test_${name})
    _ucap_test_properties(${name} ${arg_LABEL} ${arg_TIMEOUT})
endfunction()

# ucap_script_test(NAME COMMAND ... [LABEL integration] [TIMEOUT s]): the same for a test that is a script.
function(ucap_script_test name)
    cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "COMMAND" ${ARGN})
    if(NOT arg_LABEL)
        set(arg_LABEL integration)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    _ucap_test_properties(${name} ${arg_LABEL} ${arg_TIMEOUT})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# ucap_proto(FILES ucap/v1/a.proto...): the contract, compiled by protoc-c with the well-known types it uses, and a
# table of its services by name, into the library ucap_contract. No generated file is in git.
function(ucap_proto)
    cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
    pkg_get_variable(wkt_dir protobuf includedir)
    if(NOT wkt_dir)
        set(wkt_dir /usr/include)
    endif()
    set(out ${CMAKE_CURRENT_BINARY_DIR})
    set(sources)
    foreach(file ${arg_FILES} google/protobuf/timestamp.proto)
        string(REGEX REPLACE "\\.proto$" "" stem ${file})
        set(from ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        if(NOT EXISTS ${from})
            set(from ${wkt_dir}/${file})
        endif()
        add_custom_command(
            OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
            COMMAND ${PROTOC_C} --c_out=${out} -I${CMAKE_CURRENT_SOURCE_DIR} -I${wkt_dir} ${from}
            DEPENDS ${from} VERBATIM
        )
        list(APPEND sources ${out}/${stem}.pb-c.c)
    endforeach()
    add_custom_command(
        OUTPUT ${out}/contract.c
        COMMAND ${CMAKE_COMMAND} "-DFILES=${arg_FILES}" -DFROM=${CMAKE_CURRENT_SOURCE_DIR} -DOUT=${out}/contract.c
                -P ${PROJECT_SOURCE_DIR}/cmake/ContractTable.cmake
        DEPENDS ${arg_FILES} ${PROJECT_SOURCE_DIR}/cmake/ContractTable.cmake VERBATIM
    )
    add_library(ucap_contract STATIC ${sources} ${out}/contract.c)
    target_compile_options(ucap_contract PRIVATE -w)
    target_include_directories(ucap_contract SYSTEM PUBLIC ${out})
    target_include_directories(ucap_contract PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(ucap_contract PUBLIC PkgConfig::PROTOBUF_C)
endfunction()

# ucap_generated(LIBRARY OUTPUT BY name SOURCES main.c... DEPENDS ... ARGUMENTS ... READS files...): a C file of the library
# ucap_LIBRARY that a program of ours, which is not installed, writes while building. Its arguments are ARGUMENTS and
# the path of OUTPUT; it runs again when one of READS has changed.
function(ucap_generated library output)
    cmake_parse_arguments(arg "" "BY" "SOURCES;DEPENDS;ARGUMENTS;READS" ${ARGN})
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${output})
    add_executable(${arg_BY} ${arg_SOURCES})
    _ucap_link(${arg_BY} ${arg_DEPENDS})
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${arg_BY} ${arg_ARGUMENTS} ${out}
        DEPENDS ${arg_BY} ${arg_READS} VERBATIM
    )
    target_sources(ucap_${library} PRIVATE ${out})
endfunction()

# ucap_migrations(SET DIR): the *.sql of DIR in order, as the C table `SET_migrations` (db/migration.h) in the library
# ucap_migrations_SET.
function(ucap_migrations set dir)
    file(GLOB files CONFIGURE_DEPENDS ${dir}/[0-9][0-9][0-9][0-9]_*.sql)
    list(SORT files)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${set}_migrations.c)
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DSET=${set} "-DFILES=${files}" -DOUT=${out}
                -P ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
        DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake VERBATIM
    )
    add_library(ucap_migrations_${set} STATIC ${out})
    target_include_directories(ucap_migrations_${set} PRIVATE ${PROJECT_SOURCE_DIR}/lib)
endfunction()

function(_ucap_link target)
    foreach(dep ${ARGN})
        if(dep MATCHES "::" OR NOT dep MATCHES "^[a-z_0-9]+$" OR TARGET ${dep})
            target_link_libraries(${target} PUBLIC ${dep})
        else()
            target_link_libraries(${target} PUBLIC ucap_${dep})
        endif()
    endforeach()
endfunction()

function(_ucap_test_properties name label timeout)
    set(supp ${PROJECT_SOURCE_DIR}/tests/sanitizers)
    set(options "UBSAN_OPTIONS=print_stacktrace=1"
        "LSAN_OPTIONS=suppressions=${supp}/lsan.supp:print_suppressions=0"
        "TSAN_OPTIONS=suppressions=${supp}/tsan.supp"
        "UCAP_TEST_BIN=${PROJECT_BINARY_DIR}/bin" "UCAP_TEST_SOURCE=${PROJECT_SOURCE_DIR}"
    )
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} ENVIRONMENT "${options}")
endfunction()
