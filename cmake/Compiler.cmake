# Language, warnings and sanitizers, for every target of ours. Generated code is compiled with -w in Verbs.cmake.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(UCAP_SANITIZE "" CACHE STRING "Sanitizers: empty, \"address,undefined\" or \"thread\"")

add_compile_definitions(_GNU_SOURCE UCAP_VERSION="${PROJECT_VERSION}")
add_compile_options(
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wvla -fno-common -fstack-protector-strong
)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # Text that is cut is cut on purpose: snprintf is how we bound it.
    add_compile_options(-Wno-format-truncation)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

if(UCAP_SANITIZE)
    add_compile_options(-fsanitize=${UCAP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${UCAP_SANITIZE})
endif()
