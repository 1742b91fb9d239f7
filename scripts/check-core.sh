#!/bin/bash
# The core is pure and the rooms look one way only. Two checks:
#   includes  each room includes only rooms below it; libsodium and OpenSSL only in src/crypto;
#             of the C library only headers that reach neither clock, randomness, files nor memory
#   symbols   the archive's undefined symbols are on a list of harmless ones
# Usage: scripts/check-core.sh BUILD_DIR
# Exit: 0 holds, 1 something breaks it (each line says what), 2 usage, 77 includes hold but the
# archive is instrumented (sanitizers, coverage), so its symbols say nothing.
set -u
[ $# -eq 1 ] || { echo "usage: $0 BUILD_DIR" >&2; exit 2; }
build=$(realpath -- "$1") || exit 2
cd -- "${READBACK_ROOT:-$(dirname -- "$0")/..}" || exit 2
archive=$build/libreadback-core.a
broken=0
breaks() { echo "$*"; broken=1; }

# ---- includes -------------------------------------------------------------------------------

# public header -> room
declare -A header_room=(
  [err]=base [bytes]=base [arena]=base [text]=base [limits]=base
  [crypto]=crypto [age]=crypto [volume]=space [outline]=space [verdict]=space [volindex]=space [register]=space [tlog]=tlog
  [record]=record [instrument]=record [cbor]=record [schema]=record [party]=record [sealed]=record
  [rules]=rules [adopt]=rules [lot]=rules [truce]=rules [report]=rules [compare]=rules [live]=rules [textdiff]=rules [book]=rules
  [evidence]=rules [situation]=rules [node]=node
  [coord]=interop [json]=interop [geojson]=interop [sitelist]=interop [plausible]=interop [kml]=interop [icalendar]=interop
  [gazetteer]=interop [playback]=interop)
# room -> rooms it may include beside itself
core='base crypto space record tlog rules node interop'
declare -A below=(
  [base]=''
  [crypto]='base'
  [space]='base crypto' # what may not be named is committed to by hash
  [record]='base crypto space'
  [tlog]='base crypto space'
  [rules]='base crypto space record tlog'
  [interop]='base crypto space record tlog'
  [node]='base crypto space record tlog rules'
  [api]="$core" # shell/api does no I/O of its own: the simulator speaks to it too
  [opener]="$core shell" # opens closed bodies, for the simulator as well
  [shell]="$core api opener"
  [sim]="$core api opener"
  [cmd]="$core api shell sim opener"
  [verify]='base crypto space record tlog rules interop')
pure_headers=' assert.h float.h inttypes.h limits.h math.h stdalign.h stdbool.h stddef.h stdint.h string.h '

# the room of a file; empty for files outside the rooms
room_of() {
  local name
  case $1 in
    include/readback/*) name=$(basename "$1" .h); echo "${header_room[$name]-unknown}" ;;
    src/*) name=${1#src/}; echo "${name%%/*}" ;;
    shell/api/*) echo api ;;
    shell/os/opener.*) echo opener ;;
    shell/*) echo shell ;;
    sim/stage_live.c | sim/copy_home.*) echo cmd ;; # drives real daemons, as a program would
    sim/*) echo sim ;;
    cmd/*verify*) echo verify ;;
    cmd/*) echo cmd ;;
  esac
}

# the file that "PATH" in FILE means, as the compiler would look for it
resolve() {
  local base
  for base in "$(dirname "$1")" include . src shell; do
    [ -f "$base/$2" ] && { realpath --relative-to=. -- "$base/$2"; return; }
  done
}

check_quoted() { # file line room path
  local target to
  target=$(resolve "$1" "$4")
  [ -n "$target" ] || return 0 # made by the build
  to=$(room_of "$target")
  [ -n "$to" ] && [ "$to" != "$3" ] || return 0
  case " ${below[$3]-} " in
    *" $to "*) ;;
    *) breaks "$1:$2: room $3 must not include $4 (room $to)" ;;
  esac
}

check_system() { # file line room header
  case " $core " in *" $3 "*) ;; *) return 0 ;; esac
  case $4 in
    sodium.h | sodium/* | openssl/* | threads.h)
      [ "$3" = crypto ] || breaks "$1:$2: <$4> belongs to src/crypto alone" ;;
    geodesic.h) # PROJ's geodesics: arithmetic alone
      [ "$3" = space ] || breaks "$1:$2: <$4> belongs to src/space alone" ;;
    *)
      case $pure_headers in
        *" $4 "*) ;;
        *) breaks "$1:$2: <$4> has no place in the core" ;;
      esac ;;
  esac
}

while IFS=: read -r file line text; do
  room=$(room_of "$file")
  [ -n "$room" ] || continue
  if [ "$room" = unknown ]; then
    breaks "$file: no room is known for this header; name it in $0"
    continue
  fi
  path=$(sed -E 's/^[^"<]*["<]([^">]*)[">].*/\1/' <<<"$text")
  case $text in
    *\"*) check_quoted "$file" "$line" "$room" "$path" ;;
    *\<*) check_system "$file" "$line" "$room" "$path" ;;
    *) breaks "$file:$line: an include this check cannot read" ;;
  esac
done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' include src shell sim cmd)

# ---- symbols --------------------------------------------------------------------------------

[ -f "$archive" ] || { echo "$archive is not built" >&2; exit 2; }
undefined=$(nm -A -u -- "$archive") && defined=$(nm --defined-only -- "$archive") || exit 2
if grep -qE ' (__asan|__ubsan|__tsan|__msan|__sanitizer|__sancov|__gcov|__llvm_prof)' <<<"$undefined"; then
  echo "symbols: skipped, $archive is instrumented"
  [ $broken -eq 0 ] && exit 77
  exit 1
fi

# Refused by name, so that the line says why; whatever is on neither list is refused too.
deny() {
  case $1 in
    time | clock | clock_* | gettimeofday | timespec_get | ftime | localtime* | gmtime* | mktime | \
      timegm | strftime | nanosleep | sleep | usleep | alarm | timer_*) echo 'the clock' ;;
    rand | rand_r | srand | random* | srandom* | *rand48* | getrandom | getentropy | arc4random* | \
      RAND_* | *_keygen | *_pwhash_str* | crypto_box_seal* | crypto_*_random)
      echo 'randomness' ;;
    crypto_sign_seed_keypair | crypto_sign_ed25519_seed_keypair) ;;
    *_keypair) echo 'randomness' ;;
    socket* | bind | connect | listen | accept* | send | sendto | sendmsg* | recv* | shutdown | \
      getaddrinfo* | gethost* | poll | ppoll | select | epoll_* | SSL_*) echo 'the network' ;;
    open | open64 | openat* | fopen* | fdopen | freopen* | read | pread* | write | pwrite* | close | \
      fclose | fread | fwrite | fsync | fdatasync | unlink* | rename* | mkdir* | stat* | fstat* | \
      lstat* | *printf* | *scanf* | puts | fputs | putchar | perror | stdout | stderr | stdin | \
      ioctl | fcntl* | dlopen | BIO_*) echo 'files' ;;
    malloc | calloc | realloc* | free | aligned_alloc | posix_memalign | memalign | mmap* | munmap | \
      brk | sbrk | strdup | strndup | qsort* | OPENSSL_malloc | CRYPTO_malloc | CRYPTO_free | \
      sodium_malloc | sodium_allocarray | sodium_free | sodium_mlock) echo 'the heap' ;;
    fork | vfork | exec* | posix_spawn* | system | popen | pthread_create | thrd_create | getenv | \
      secure_getenv | exit | _exit | signal | raise) echo 'the process' ;;
    setlocale | strto* | ato* | toupper | tolower | is*_l | __ctype_*) echo 'the locale' ;;
  esac
}

allow() { # symbol member
  case $1 in
    memcpy | memmove | memset | memcmp | memchr | memrchr | memmem | strlen | strnlen | strcmp | \
      strncmp | strchr | strrchr | bsearch) ;;
    __mem*_chk | __assert_fail | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_) ;;
    __udivti3 | __umodti3 | __udivmodti4 | __divti3 | __modti3 | __multi3 | __muloti4 | __popcountdi2) ;;
    sin | cos | tan | asin | acos | atan | atan2 | sincos | sinh | cosh | tanh | asinh | acosh | \
      atanh | sqrt | cbrt | hypot | exp | expm1 | log | log1p | pow | fabs | floor | ceil | trunc | \
      round | lround | llround | rint | lrint | llrint | nearbyint | fmod | remainder | remquo | \
      fmin | fmax | copysign | ldexp | frexp | scalbn | nextafter | fma) ;;
    crypto_* | EVP_* | sodium_init | sodium_memcmp | sodium_memzero | tss_create | tss_set | \
      __tls_get_addr)
      case $2 in
        src_crypto_*) ;;
        *) return 1 ;;
      esac ;;
    geod_*)
      case $2 in
        src_space_*) ;;
        *) return 1 ;;
      esac ;;
    *) return 1 ;;
  esac
}

own=$(awk 'NF == 3 { print $3 }' <<<"$defined" | sort -u)
while read -r where symbol; do
  member=${where%:}
  member=${member##*:}
  why=$(deny "$symbol")
  if [ -n "$why" ]; then
    breaks "$member: $symbol reaches for $why"
  elif ! allow "$symbol" "$member"; then
    breaks "$member: $symbol is not on the list of what the core may call"
  fi
done < <(awk 'NF == 3 && $2 ~ /^[Uw]$/ { print $1, $3 }' <<<"$undefined" | sort -u |
  awk 'NR == FNR { own[$1]; next } !($2 in own)' <(echo "$own") -)

[ $broken -eq 0 ] && echo "core: includes and symbols hold"
exit $broken
