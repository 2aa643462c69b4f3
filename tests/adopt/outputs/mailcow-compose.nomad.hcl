job "mailcowdockerized" {
  datacenters = ["dc1"]
  type        = "service"

  group "unbound-mailcow" {
    network {
      mode = "bridge"

      dns {
        servers = ["172.22.1.254"]
      }

      port "smtp" {
        static = 25
        to     = 25
      }

      port "port465" {
        static = 465
        to     = 465
      }
    }

    volume "mysql-mailcow-conf-d" {
      type      = "host"
      source    = "mailcowdockerized-mysql-mailcow-conf-d"
      read_only = true
    }

    volume "mysql-mailcow-mysql" {
      type   = "host"
      source = "mailcowdockerized-mysql-mailcow-mysql"
    }

    volume "mysql-mailcow-mysqld" {
      type   = "host"
      source = "mailcowdockerized-mysql-mailcow-mysqld"
    }

    volume "postfix-mailcow-mail" {
      type      = "host"
      source    = "mailcowdockerized-postfix-mailcow-mail"
      read_only = true
    }

    volume "postfix-mailcow-postfix" {
      type   = "host"
      source = "mailcowdockerized-postfix-mailcow-postfix"
    }

    volume "postfix-mailcow-zeyple" {
      type   = "host"
      source = "mailcowdockerized-postfix-mailcow-zeyple"
    }

    volume "redis-mailcow-data" {
      type   = "host"
      source = "mailcowdockerized-redis-mailcow-data"
    }

    volume "unbound-mailcow-hooks" {
      type   = "host"
      source = "mailcowdockerized-unbound-mailcow-hooks"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "mysql-mailcow"
      provider     = "nomad"
      port         = "3306"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3306"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "postfix-mailcow"
      provider = "nomad"
      port     = "smtp"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "unbound-mailcow" {
      driver = "docker"

      config {
        image = "ghcr.io/mailcow/unbound:1.24"
        extra_hosts = [
          "mysql:127.0.0.1",
          "mysql-mailcow:127.0.0.1",
          "postfix:127.0.0.1",
          "postfix-mailcow:127.0.0.1",
          "redis:127.0.0.1",
          "redis-mailcow:127.0.0.1",
          "unbound:127.0.0.1",
          "unbound-mailcow:127.0.0.1",
        ]
        volumes = ["local/unbound-conf:/etc/unbound/unbound.conf:ro"]
        tty     = true
      }

      env {
        SKIP_UNBOUND_HEALTHCHECK = "n"
        TZ                       = "Europe/Berlin"
      }

      template {
        data            = file("./data/conf/unbound/unbound.conf")
        destination     = "local/unbound-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      volume_mount {
        volume      = "unbound-mailcow-hooks"
        destination = "/hooks"
      }

      resources {
        memory = 512
      }
    }

    task "mysql-mailcow" {
      driver       = "docker"
      kill_timeout = "45s"

      config {
        image = "mariadb:10.11"
        extra_hosts = [
          "mysql:127.0.0.1",
          "mysql-mailcow:127.0.0.1",
          "postfix:127.0.0.1",
          "postfix-mailcow:127.0.0.1",
          "redis:127.0.0.1",
          "redis-mailcow:127.0.0.1",
          "unbound:127.0.0.1",
          "unbound-mailcow:127.0.0.1",
        ]
      }

      env {
        MYSQL_DATABASE           = "mailcow"
        MYSQL_INITDB_SKIP_TZINFO = "1"
        MYSQL_USER               = "mailcow"
        TZ                       = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/mailcowdockerized/unbound-mailcow/mysql-mailcow" }}
MYSQL_PASSWORD={{ .MYSQL_PASSWORD.Value | toJSON }}
MYSQL_ROOT_PASSWORD={{ .MYSQL_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "mysql-mailcow-mysql"
        destination = "/var/lib/mysql"
      }

      volume_mount {
        volume      = "mysql-mailcow-mysqld"
        destination = "/var/run/mysqld"
      }

      volume_mount {
        volume      = "mysql-mailcow-conf-d"
        destination = "/etc/mysql/conf.d"
        read_only   = true
      }

      resources {
        memory = 512
      }
    }

    task "redis-mailcow" {
      driver = "docker"

      config {
        image      = "redis:7.4.2-alpine"
        entrypoint = ["/bin/sh", "/redis-conf.sh"]
        extra_hosts = [
          "mysql:127.0.0.1",
          "mysql-mailcow:127.0.0.1",
          "postfix:127.0.0.1",
          "postfix-mailcow:127.0.0.1",
          "redis:127.0.0.1",
          "redis-mailcow:127.0.0.1",
          "unbound:127.0.0.1",
          "unbound-mailcow:127.0.0.1",
        ]
      }

      env {
        TZ = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/mailcowdockerized/unbound-mailcow/redis-mailcow" }}
REDISPASS={{ .REDISPASS.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "redis-mailcow-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "postfix-mailcow" {
      driver = "docker"

      config {
        image = "ghcr.io/mailcow/postfix:1.80"
        extra_hosts = [
          "mysql:127.0.0.1",
          "mysql-mailcow:127.0.0.1",
          "postfix:127.0.0.1",
          "postfix-mailcow:127.0.0.1",
          "redis:127.0.0.1",
          "redis-mailcow:127.0.0.1",
          "unbound:127.0.0.1",
          "unbound-mailcow:127.0.0.1",
        ]
        cap_add = ["net_bind_service"]
      }

      env {
        LOG_LINES        = "9999"
        REDIS_SLAVEOF_IP = ""
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/mailcowdockerized/unbound-mailcow/postfix-mailcow" }}
DBPASS={{ .DBPASS.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postfix-mailcow-mail"
        destination = "/etc/ssl/mail"
        read_only   = true
      }

      volume_mount {
        volume      = "postfix-mailcow-postfix"
        destination = "/var/spool/postfix"
      }

      volume_mount {
        volume      = "postfix-mailcow-zeyple"
        destination = "/var/lib/zeyple"
      }

      resources {
        memory = 512
      }
    }
  }

  group "netfilter-mailcow" {
    network {
      mode = "host"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    task "netfilter-mailcow" {
      driver       = "docker"
      kill_timeout = "30s"

      config {
        image        = "ghcr.io/mailcow/netfilter:1.61"
        network_mode = "host"
        volumes      = ["/lib/modules:/lib/modules:ro"]
        cap_add      = ["sys_module"]
      }

      env {
        SNAT_TO_SOURCE = "n"
      }

      resources {
        memory = 512
      }
    }
  }

  group "ofelia-mailcow" {
    network {
      mode = "bridge"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    task "ofelia-mailcow" {
      driver = "docker"

      config {
        image = "mcuadros/ofelia:latest"
        args = [
          "daemon",
          "--docker",
          "-f",
          "label=com.docker.compose.project=mailcowdockerized",
        ]
        security_opt = ["label=disable"]
        labels = {
          "ofelia.enabled" = "true"
        }
      }

      resources {
        memory = 512
      }
    }
  }
}
