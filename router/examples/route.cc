// The router from C++: the table as an object, errors as exceptions.
//
//   c++ -std=c++17 route.cc $(pkg-config --cflags --libs shunt) -o route && ./route TABLE.shunt "a prompt"
#include <shunt.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

class Router
{
  public:
    explicit Router(const std::string &path)
    {
        char why[200];
        shunt_table *t = nullptr;
        if (shunt_open_detail(path.c_str(), &t, why, sizeof why) != SHUNT_OK)
            throw std::runtime_error("'" + path + "': " + why);
        table_.reset(t);
    }

    std::string model_for(const std::string &prompt) const
    {
        shunt_request r = SHUNT_REQUEST_INIT;
        shunt_decision d = SHUNT_DECISION_INIT;
        r.text = prompt.data();
        r.text_bytes = prompt.size();
        const int status = shunt_route(table_.get(), &r, &d);
        if (status != SHUNT_OK)
            throw std::runtime_error(shunt_strerror(status));
        return d.model_name;
    }

  private:
    struct Close {
        void operator()(shunt_table *t) const { shunt_close(t); }
    };
    std::unique_ptr<shunt_table, Close> table_;
};

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: route TABLE.shunt PROMPT\n";
        return 2;
    }
    try {
        std::cout << Router(argv[1]).model_for(argv[2]) << "\n";
    } catch (const std::exception &e) {
        std::cerr << "route: " << e.what() << "\n";
        return 3;
    }
    return 0;
}
