// Boost.Geometry beside ours: an R*-tree over boxes in longitude, latitude, altitude and time, packed
// when it is built, and bg::intersects on the rings. Reads what bench/space_boost.c writes, answers
// into another file. Used by bench/run space only; nothing else of the project is C++.
// Usage: space-boost DATA ANSWERS
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

namespace bg = boost::geometry;
namespace bgi = boost::geometry::index;
using point = bg::model::d2::point_xy<double>;
using polygon = bg::model::polygon<point>;
using place = bg::model::point<double, 4, bg::cs::cartesian>;
using box = bg::model::box<place>;
using entry = std::pair<box, std::uint32_t>;
using tree = bgi::rtree<entry, bgi::rstar<16>>;

struct item {
    box bounds;
    double from, to; // half-open, milliseconds
    polygon outline;
};

static std::FILE *open_file(const char *path, const char *how) {
    std::FILE *f = std::fopen(path, how);
    if (f == nullptr) {
        std::perror(path);
        std::exit(1);
    }
    return f;
}

template <typename T> static T get(std::FILE *f) {
    T v;
    if (std::fread(&v, sizeof v, 1, f) != 1) {
        std::fputs("the data end early\n", stderr);
        std::exit(1);
    }
    return v;
}

static item read_item(std::FILE *f) {
    item it;
    const double lo = get<double>(f), hi = get<double>(f);
    it.from = get<double>(f);
    it.to = get<double>(f);
    for (auto n = get<std::uint32_t>(f); n > 0; n--) {
        const double lon = get<double>(f), lat = get<double>(f);
        it.outline.outer().emplace_back(lon, lat);
    }
    bg::correct(it.outline);
    bg::model::box<point> flat;
    bg::envelope(it.outline, flat);
    auto &least = it.bounds.min_corner();
    auto &most = it.bounds.max_corner();
    bg::set<0>(least, flat.min_corner().x()), bg::set<0>(most, flat.max_corner().x());
    bg::set<1>(least, flat.min_corner().y()), bg::set<1>(most, flat.max_corner().y());
    bg::set<2>(least, lo), bg::set<2>(most, hi);
    bg::set<3>(least, it.from), bg::set<3>(most, it.to);
    return it;
}

static std::vector<item> read_items(std::FILE *f) {
    std::vector<item> all;
    const auto n = get<std::uint32_t>(f);
    all.reserve(n);
    for (std::uint32_t i = 0; i < n; i++) all.push_back(read_item(f));
    return all;
}

static double seconds_since(std::chrono::steady_clock::time_point t) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

static void ask(const tree &t, const std::vector<item> &items, const item &q,
                std::vector<entry> &near, std::vector<std::uint32_t> &out) {
    near.clear();
    out.clear();
    t.query(bgi::intersects(q.bounds), std::back_inserter(near));
    for (const entry &e : near) {
        const item &it = items[e.second];
        if (it.from >= q.to || q.from >= it.to) continue;
        if (bg::intersects(it.outline, q.outline)) out.push_back(e.second);
    }
}

template <typename T> static void put(std::FILE *f, const T *p, std::size_t n) {
    if (n > 0 && std::fwrite(p, sizeof *p, n, f) != n) {
        std::perror("answers");
        std::exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    std::FILE *f = open_file(argv[1], "rb");
    const auto items = read_items(f), queries = read_items(f);
    std::fclose(f);
    f = open_file(argv[2], "wb");
    const auto began = std::chrono::steady_clock::now();
    std::vector<entry> entries;
    entries.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); i++) entries.emplace_back(items[i].bounds, i);
    const tree t(entries.begin(), entries.end());
    const double build_s = seconds_since(began);
    put(f, &build_s, 1);
    std::vector<entry> near;
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i < queries.size() / 10; i++) ask(t, items, queries[i], near, out); // warm
    for (const item &q : queries) {
        const auto at = std::chrono::steady_clock::now();
        ask(t, items, q, near, out);
        const double us = seconds_since(at) * 1e6;
        const auto n = static_cast<std::uint32_t>(out.size());
        put(f, &us, 1);
        put(f, &n, 1);
        put(f, out.data(), out.size());
    }
    if (std::fclose(f) != 0) return 1;
}
